/**
 * A real llama.cpp server for tests: `LLAMA_SERVER` names its program, or `llama-server` is on the PATH.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { basename, dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import embedded from '../../src/models/embedded.json' with { type: 'json' };

export const HOW_TO_GET_ONE =
  'no llama.cpp server: set LLAMA_SERVER to a llama-server program (Debian 14: apt install llama.cpp-tools; others: https://github.com/ggml-org/llama.cpp/releases)';

/** @returns the program and its version, or null if none runs here */
export function findLlamaServer(): { program: string; version: string } | null {
  const program = process.env['LLAMA_SERVER'] ?? 'llama-server';
  const asked = spawnSync(program, ['--version'], { encoding: 'utf8', timeout: 20_000 });
  const version = /version:.*/.exec(`${asked.stdout}${asked.stderr}`)?.[0];
  return asked.status === 0 && version !== undefined ? { program, version } : null;
}

export interface LlamaServer {
  readonly host: string;
  /** The base URL, with `/v1`. */
  readonly baseUrl: string;
  readonly process: ChildProcess;
  stop(): Promise<void>;
}

const EMBEDDED = fileURLToPath(new URL(`../../static/models/${embedded.fileName}`, import.meta.url));

/**
 * Starts a server on a port of its own, for this machine only, and waits until its model is loaded.
 * @param options further arguments of its command line
 * @param model a GGUF file; default: the model that comes with the page. The server knows only its name
 * @throws Error with its output if it ends before that
 */
export async function startLlamaServer(
  program: string,
  options: readonly string[],
  model = EMBEDDED,
): Promise<LlamaServer> {
  const port = await freePort();
  const place = ['-m', basename(model), '--offline', '--host', '127.0.0.1', '--port', String(port)];
  const child = spawn(program, [...place, '-t', '1', '-tb', '1', ...options], {
    cwd: dirname(model),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (said += String(text)));
  const host = `127.0.0.1:${port}`;
  const stop = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  };
  for (let waited = 0; waited < 30_000; waited += 100) {
    const health = await fetch(`http://${host}/health`).catch(() => null);
    if (health?.ok) return { host, baseUrl: `http://${host}/v1`, process: child, stop };
    if (child.exitCode !== null) break;
    await new Promise((done) => setTimeout(done, 100));
  }
  await stop();
  throw new Error(`${program} did not start: ${said.slice(-2000)}`);
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  probe.close();
  await once(probe, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port is free');
  return address.port;
}
