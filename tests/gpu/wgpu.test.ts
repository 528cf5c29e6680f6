/**
 * Repeats tests over wgpu, which Firefox uses: compiles every variant of the shaders with its compiler (naga), compares
 * the kernels with plain loops, and a model of each architecture with llama.cpp. Deno has wgpu and can run Vitest.
 */
import { execFile } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';

/** Mesa's software driver, where Debian installs it. Without a GPU, wgpu must find only this one. */
const LAVAPIPE = '/usr/share/vulkan/icd.d/lvp_icd.json';
const environment = existsSync(LAVAPIPE) ? { ...process.env, VK_DRIVER_FILES: LAVAPIPE } : process.env;

const FILES = [
  'tests/gpu/shader_variants.test.ts',
  'tests/gpu/kernels/',
  'tests/gpu/session/smoke.test.ts',
  'tests/conformance/llama_cpp.test.ts',
];

interface Finished {
  readonly failed: boolean;
  readonly output: string;
}

function deno(...args: readonly string[]): Promise<Finished> {
  return new Promise((done) => {
    const options = { env: environment, maxBuffer: 1 << 28, timeout: 280_000 };
    execFile('node_modules/.bin/deno', args, options, (error, stdout, stderr) =>
      done({ failed: error !== null, output: stdout + stderr }),
    );
  });
}

const asked = await deno(
  'eval',
  '--unstable-webgpu',
  'if (!(await navigator.gpu.requestAdapter())) Deno.exit(1)',
);

describe('over wgpu', () => {
  if (asked.failed) {
    test.skip('Deno does not run here, or finds no adapter: run "npm run setup"');
    return;
  }
  test.each(FILES)(
    '%s',
    async (file) => {
      const report = join(tmpdir(), `logitscope-wgpu-${process.pid}.json`);
      const program = ['run', '--allow-all', '--unstable-webgpu', 'node_modules/vitest/vitest.mjs', 'run'];
      const reporters = ['--reporter=json', `--outputFile=${report}`];
      const { output } = await deno(...program, file, ...reporters);
      expect(existsSync(report), output).toBe(true);
      const { testResults } = JSON.parse(readFileSync(report, 'utf8')) as Report;
      rmSync(report);
      const ran = testResults.flatMap(({ assertionResults }) => assertionResults);
      const bad = ran.filter(({ status }) => status !== 'passed');
      expect(bad.map(({ fullName, failureMessages }) => `${fullName}: ${failureMessages[0]}`)).toEqual([]);
      expect(testResults.filter(({ status }) => status !== 'passed').map(({ message }) => message)).toEqual(
        [],
      );
      expect(ran.length).toBeGreaterThan(0);
    },
    300_000,
  );
});

/** The part of Vitest's JSON that this test reads. */
interface Report {
  readonly testResults: readonly {
    readonly status: string;
    readonly message: string;
    readonly assertionResults: readonly {
      readonly fullName: string;
      readonly status: string;
      readonly failureMessages: readonly string[];
    }[];
  }[];
}
