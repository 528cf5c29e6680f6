import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { test } from 'vitest';

test('ends', () => {});

// As bad as a test can be: nothing in this process can stop it, and what it started is in a process group of its own.
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
