/** After the first visit the page and its own model open without a network; a new version waits to be taken. */
import { notify } from './notices.ts';

/** Call once, when the page is up. Does nothing in development, or where the browser has no service workers. */
export async function keepPage(): Promise<void> {
  // Only a built page has a manifest and a service worker beside it.
  const built = document.querySelector('link[rel=manifest]') !== null;
  if (!built || !('serviceWorker' in navigator)) return;
  let registration: ServiceWorkerRegistration | undefined;
  try {
    registration = await navigator.serviceWorker.register(new URL('sw.js', document.baseURI));
  } catch {
    // Refused in some private windows and without TLS: the page then needs its network, as any other.
    return;
  }
  if (!registration) return;
  if (registration.waiting) offer(registration.waiting);
  registration.addEventListener('updatefound', () => {
    const worker = registration.installing;
    worker?.addEventListener('statechange', () => {
      // The very first one replaces nobody.
      if (worker.state === 'installed' && navigator.serviceWorker.controller) offer(worker);
    });
  });
}

function offer(worker: ServiceWorker): void {
  notify('info', 'A new version of this page is ready; texts and settings stay.', {
    label: 'Reload with it',
    run: () => {
      navigator.serviceWorker.addEventListener('controllerchange', () => location.reload(), { once: true });
      worker.postMessage({ type: 'SKIP_WAITING' });
    },
  });
}
