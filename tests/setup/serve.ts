/**
 * Vitest's global set-up for the browser tests: builds the page and serves the build, as a visitor would get it.
 * `LOGITSCOPE_BUILT=1` says that `dist/` is already built, as `npm test` does once for all its steps.
 */
import { build, preview } from 'vite';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  interface ProvidedContext {
    /** Where the built page is served, e.g. `http://localhost:41234/`. */
    pageUrl: string;
  }
}

export default async function serve(project: TestProject): Promise<() => Promise<void>> {
  if (process.env['LOGITSCOPE_BUILT'] === undefined) await buildPage();
  const server = await preview({ logLevel: 'warn', preview: { port: 0, host: '127.0.0.1' } });
  project.provide('pageUrl', server.resolvedUrls!.local[0]!);
  return () => server.close();
}

async function buildPage(): Promise<void> {
  // Vitest has set this to `test`, which would make Vite build a development page, with checks and several times slower.
  const before = process.env['NODE_ENV'];
  process.env['NODE_ENV'] = 'production';
  await build({ logLevel: 'error' });
  process.env['NODE_ENV'] = before;
}
