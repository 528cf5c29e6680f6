/** Runs a command as its own process group, so that it can be killed together with everything that it started. */
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Lets the tools be found even if npm does not run this. */
const PATH = [join(process.cwd(), 'node_modules', '.bin'), process.env['PATH']].join(delimiter);

/** Milliseconds between asking a process to end and killing it. */
const GRACE_MS = 3_000;

export interface Outcome {
  /** Null if it was killed or could not start. */
  readonly code: number | null;
  /** Empty if it went straight to the terminal. */
  readonly output: string;
  /** Whether it exceeded its limit. */
  readonly late: boolean;
}

export interface Limits {
  /** Milliseconds. */
  readonly limit: number;
  /** Aborting it ends the command, too. */
  readonly signal: AbortSignal;
}

/** @param live its output goes straight to the terminal, and is not kept */
export function runProgram(
  command: string,
  args: readonly string[],
  live: boolean,
  { limit, signal }: Limits,
  env: Record<string, string> = {},
): Promise<Outcome> {
  return new Promise((resolve) => {
    let output = '';
    let late = false;
    const stream = live ? 'inherit' : 'pipe';
    const child = spawn(command, args, {
      stdio: ['ignore', stream, stream],
      env: { ...process.env, ...env, PATH },
      detached: process.platform !== 'win32',
    });
    const end = (): void => endAll(child.pid);
    const timer = setTimeout(() => {
      late = true;
      end();
    }, limit);
    signal.addEventListener('abort', end);
    child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.stderr?.on('data', (chunk: Buffer) => (output += chunk.toString()));
    const finish = (code: number | null): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve({ code, output, late });
    };
    child.on('close', finish);
    child.on('error', (error) => {
      output += error.message;
      finish(null);
    });
  });
}

/** Asks the process and all its descendants to end, and kills those that do not end in time. */
function endAll(pid: number | undefined): void {
  if (pid === undefined) return;
  const all = [pid, ...descendants(pid)];
  for (const each of all) kill(each, 'SIGTERM');
  setTimeout(() => {
    // Processes that they started in the meantime are in no list; killing the group reaches them.
    for (const each of new Set([...all, ...all.flatMap(descendants)])) kill(each, 'SIGKILL');
    kill(-pid, 'SIGKILL');
  }, GRACE_MS);
}

/** Browsers have their own process groups, so killing the group is not enough. Empty without `/proc`. */
function descendants(pid: number): number[] {
  if (process.platform !== 'linux') return [];
  const parents = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => [Number(name), parentOf(name)] as const);
  const found = [pid];
  for (const one of found) found.push(...parents.filter(([, parent]) => parent === one).map(([id]) => id));
  return found.slice(1);
}

function parentOf(pid: string): number {
  try {
    return Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
  } catch {
    // It ended after the folder was read.
    return -1;
  }
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended already.
  }
}
