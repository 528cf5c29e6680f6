import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { test } from 'vitest';

test('ends', () => {});

// The worst kind of test: nothing in this process can stop it, and it started a process in a separate group.
test('hangs', async () => {
  await new Promise((resolve) => setTimeout(resolve, 300));
  const child = spawn(
    process.execPath,
    ['-e', "process.on('SIGTERM', () => {}); setInterval(() => {}, 1000)"],
    {
      detached: true,
      stdio: 'ignore',
    },
  );
  writeFileSync(process.env['HANGING_PID_FILE']!, String(child.pid));
  for (;;);
});
