/** Runs one step of `npm test` as a process of its own, with a time limit, so that a step that fails or hangs hides no other. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { type Tally, tallyOfCheck, tallyOfVitest } from './report.ts';

/** So that the tools are found when this is not run by npm. */
const PATH = [join(process.cwd(), 'node_modules', '.bin'), process.env['PATH']].join(delimiter);

/** Longest that any one step may take. */
const STEP_LIMIT_MS = 12 * 60_000;

export interface StepResult {
  readonly name: string;
  readonly tally: Tally;
  readonly seconds: number;
}

/** @returns exit code, or null when it was killed or could not start; `output` is empty when it went straight to the terminal */
function run(
  command: string,
  args: readonly string[],
  live: boolean,
): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve) => {
    let output = '';
    const stream = live ? 'inherit' : 'pipe';
    const child = spawn(command, args, { stdio: ['ignore', stream, stream], env: { ...process.env, PATH } });
    const timer = setTimeout(() => child.kill(), STEP_LIMIT_MS);
    child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.stderr?.on('data', (chunk: Buffer) => (output += chunk.toString()));
    const finish = (code: number | null) => {
      clearTimeout(timer);
      resolve({ code, output });
    };
    child.on('close', finish);
    child.on('error', (error) => {
      output += error.message;
      finish(null);
    });
  });
}

function readReport(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}

/** A command that passes or fails as a whole. Its output is shown only when it fails. */
export async function check(name: string, command: string, ...args: readonly string[]): Promise<StepResult> {
  const start = performance.now();
  const { code, output } = await run(command, args, false);
  const seconds = (performance.now() - start) / 1000;
  console.log(`${code === 0 ? 'ok    ' : 'FAILED'} ${name} (${seconds.toFixed(1)} s)`);
  if (code !== 0) console.log(output.trimEnd());
  return { name, seconds, tally: tallyOfCheck(code === 0) };
}

/** One project of vitest.config.ts; each of its tests counts. */
export async function tests(project: string): Promise<StepResult> {
  const start = performance.now();
  const folder = mkdtempSync(join(tmpdir(), 'logitscope-test-'));
  const report = join(folder, 'report.json');
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const { code } = await run('vitest', ['run', '--project', project, ...reporters], true);
  const tally = tallyOfVitest(readReport(report), code);
  rmSync(folder, { recursive: true });
  return { name: project, seconds: (performance.now() - start) / 1000, tally };
}
