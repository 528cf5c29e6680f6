/**
 * Vitest's global set-up for the tests in Firefox: one Firefox with WebGPU for all their files, since it takes seconds to
 * start. Each page has a context of its own there, which shares no storage with another.
 */
import type { TestProject } from 'vitest/node';
import { serveFirefox } from './firefox.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Where Playwright reaches that Firefox; the projects of other browsers have none. */
    firefoxAddress?: string;
  }
}

export default async function oneFirefox(project: TestProject): Promise<() => Promise<void>> {
  const server = await serveFirefox();
  project.provide('firefoxAddress', server.wsEndpoint());
  return () => server.close();
}
