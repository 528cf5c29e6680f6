/** Supplies what Node lacks of a browser, and the worker of `page.ts` in place of a real one. */
import { vi } from 'vitest';
import { loadLibrary } from '../../src/decoding/grammar/library.ts';

vi.mock('../../src/worker/api/client.ts', async () => ({
  connectWorker: (await import('./page.ts')).connectWorker,
}));

// Loaded before there is a document, so that it finds its WebAssembly in the package and not beside the page.
await loadLibrary();

const ignore = (): void => undefined;
Object.assign(globalThis, {
  history: { state: null, replaceState: ignore, pushState: ignore },
  document: { hidden: false, baseURI: 'http://localhost/' },
  requestAnimationFrame: (draw: () => void) => setTimeout(draw, 5),
  location: { origin: 'http://localhost', pathname: '/', search: '', hash: '', href: 'http://localhost/' },
});
