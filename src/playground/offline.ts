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
  watchOtherTabs();
  if (registration.waiting) offer(registration.waiting);
  registration.addEventListener('updatefound', () => {
    const worker = registration.installing;
    worker?.addEventListener('statechange', () => {
      // The very first one replaces nobody.
      if (worker.state === 'installed' && navigator.serviceWorker.controller) offer(worker);
    });
  });
}

/** Whether this tab asked for the new version. */
let taking = false;

/** A version that one tab takes serves all of them from then on, without the older files that they have not fetched yet. */
function watchOtherTabs(): void {
  // The first version of all replaces none.
  if (!navigator.serviceWorker.controller) return;
  navigator.serviceWorker.addEventListener('controllerchange', () => {
    if (taking) location.reload();
    else notify('info', 'Another tab took the new version of this page; texts and settings stay.', reload);
  });
}

const reload = { label: 'Reload with it', run: () => location.reload() };

function offer(worker: ServiceWorker): void {
  notify('info', 'A new version of this page is ready; texts and settings stay.', {
    label: 'Reload with it',
    run: () => {
      // Another tab may have taken it meanwhile.
      if (worker.state !== 'installed') return location.reload();
      taking = true;
      worker.postMessage({ type: 'SKIP_WAITING' });
    },
  });
}
