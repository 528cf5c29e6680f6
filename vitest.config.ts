import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';

// Tests that drive a GPU or a browser: one file at a time, each in a process of its own (Dawn reads the environment of the
// process, which a worker thread cannot set), and with patience, since the GPU may be a CPU.
const device = {
  pool: 'forks',
  fileParallelism: false,
  // A driver that has compiled none of the shaders yet takes minutes for the tests of every variant.
  testTimeout: 400_000,
  hookTimeout: 120_000,
  // A test of what loading leaves on the heap collects garbage before it looks.
  execArgv: ['--expose-gc'] as string[],
  provide: { browser: 'chromium' as const },
  // What is polled for on a page comes in its own time.
  expect: { poll: { timeout: 15_000 } },
} as const;

// One project per kind of test, so that each can be run alone: `npx vitest run --project unit`.
export default defineConfig({
  plugins: [svelte()],
  test: {
    // A UMD file in a package that calls itself a module: Node itself would not find its exports.
    server: { deps: { inline: ['@mlc-ai/web-xgrammar'] } },
    tags: [{ name: 'flow', description: 'A main flow of the page: `npm test` runs it in Firefox too.' }],
    projects: [
      // Patience here too: on a busy machine a property of some hundred runs takes its time.
      { extends: true, test: { name: 'unit', include: ['tests/unit/**/*.test.ts'], testTimeout: 60_000 } },
      { extends: true, test: { name: 'ui', include: ['tests/ui/**/*.test.ts'], testTimeout: 60_000 } },
      {
        extends: true,
        resolve: { conditions: ['browser'] },
        test: {
          name: 'page',
          include: ['tests/page/**/*.test.ts'],
          setupFiles: ['tests/page/setup.ts'],
          environment: './tests/page/client_environment.ts',
          server: { deps: { inline: ['@mlc-ai/web-xgrammar', 'svelte'] } },
          testTimeout: 60_000,
        },
      },
      { extends: true, test: { name: 'gpu', include: ['tests/gpu/**/*.test.ts'], ...device } },
      {
        extends: true,
        test: { name: 'conformance', include: ['tests/conformance/**/*.test.ts'], ...device },
      },
      {
        extends: true,
        test: {
          name: 'e2e',
          include: ['tests/e2e/**/*.test.ts'],
          globalSetup: 'tests/setup/serve.ts',
          ...device,
        },
      },
      // The same tests in a browser with another WebGPU, another storage and another clock; `npm test` runs those with the
      // tag `flow`, on the page as built and as `npm start` serves it. A file that none of them is in need not be read.
      ...(['built', 'served'] as const).map((page) => ({
        extends: true as const,
        test: {
          name: `firefox-${page}`,
          include: [
            'tests/e2e/{actions,learn,webgpu,engine,playground_run,playground_embedded,ready,grammar,models,share,history,no_webgpu}.test.ts',
            // Much arithmetic, which is the same however the page is served.
            ...(page === 'built' ? ['tests/e2e/{compare,conformance}.test.ts'] : []),
          ],
          globalSetup: [
            page === 'built' ? 'tests/setup/serve.ts' : 'tests/setup/serve_source.ts',
            'tests/setup/one_firefox.ts',
          ],
          ...device,
          provide: { browser: 'firefox' as const },
        },
      })),
      {
        // For machines that have it: the way without WebGPU and the layout, in what is nearest to Safari.
        extends: true,
        test: {
          name: 'webkit',
          include: ['tests/webkit/**/*.test.ts'],
          globalSetup: 'tests/setup/serve.ts',
          ...device,
        },
      },
      {
        // Half an hour, so only on demand.
        extends: true,
        test: {
          name: 'soak',
          include: ['tests/soak/**/*.test.ts'],
          globalSetup: 'tests/setup/serve.ts',
          ...device,
        },
      },
      {
        // For machines that have one: `npm test` runs it there, and says how to get one elsewhere.
        extends: true,
        test: {
          name: 'llama-server',
          include: ['tests/llama_server/**/*.test.ts'],
          globalSetup: 'tests/setup/serve.ts',
          ...device,
        },
      },
    ],
  },
});
