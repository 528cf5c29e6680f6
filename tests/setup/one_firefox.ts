/**
 * Vitest's global set-up for the tests in Firefox: one Firefox with WebGPU for all their files, because it takes seconds to
 * start. Each page has its own context there, so pages share no storage.
 */
import type { TestProject } from 'vitest/node';
import { serveFirefox } from './firefox.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The address of that Firefox for Playwright; absent in projects of other browsers. */
    firefoxAddress?: string;
  }
}

export default async function oneFirefox(project: TestProject): Promise<() => Promise<void>> {
  const server = await serveFirefox();
  project.provide('firefoxAddress', server.wsEndpoint());
  return () => server.close();
}
