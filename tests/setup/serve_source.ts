/** Vitest's global set-up for tests of the page as `npm start` serves it. */
import { createServer } from 'vite';
import type { TestProject } from 'vitest/node';

export default async function serveSource(project: TestProject): Promise<() => Promise<void>> {
  const server = await createServer({
    mode: 'development',
    logLevel: 'warn',
    server: { port: 0, host: '127.0.0.1', warmup: { clientFiles: ['./src/**/*.{ts,svelte}'] } },
  });
  await server.listen();
  // Vite would bundle a package that it meets later, and reload every open page.
  await server.waitForRequestsIdle();
  project.provide('pageUrl', server.resolvedUrls!.local[0]!);
  return () => server.close();
}
