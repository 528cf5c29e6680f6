/** What the page finds in a browser and not in Node, and the worker of `page.ts` in place of a real one. */
import { vi } from 'vitest';
import { loadLibrary } from '../../src/decoding/grammar/library.ts';

vi.mock('../../src/worker/api/client.ts', async () => ({
  connectWorker: (await import('./page.ts')).connectWorker,
}));

// In Node it finds its WebAssembly as a package does; with a document it would look beside the page.
await loadLibrary();

Object.assign(globalThis, {
  document: { hidden: false, baseURI: 'http://localhost/' },
  requestAnimationFrame: (draw: () => void) => setTimeout(draw, 5),
  location: { origin: 'http://localhost', pathname: '/', search: '', hash: '', href: 'http://localhost/' },
});
