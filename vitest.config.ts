import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';

// Tests that drive a GPU or a browser: one file at a time, each in a process of its own (Dawn reads the environment of the
// process, which a worker thread cannot set), and with patience, since the GPU may be a CPU.
const device = {
  pool: 'forks',
  fileParallelism: false,
  testTimeout: 120_000,
  hookTimeout: 120_000,
} as const;

// One project per kind of test, so that each can be run alone: `npx vitest run --project unit`.
export default defineConfig({
  plugins: [svelte()],
  test: {
    projects: [
      { extends: true, test: { name: 'unit', include: ['tests/unit/**/*.test.ts'] } },
      { extends: true, test: { name: 'ui', include: ['tests/ui/**/*.test.ts'] } },
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
    ],
  },
});
