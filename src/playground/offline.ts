/** After the first visit the page and its embedded model open without a network. A new version waits for a click. */
import { notify } from './notices.ts';

/** Call once, when the page is up. Does nothing in development, or if the browser has no service workers. */
export async function keepPage(): Promise<void> {
  // Only a built page has a manifest and a service worker beside it.
  const built = document.querySelector('link[rel=manifest]') !== null;
  if (!built || !('serviceWorker' in navigator)) return;
  let registration: ServiceWorkerRegistration | undefined;
  try {
    registration = await navigator.serviceWorker.register(new URL('sw.js', document.baseURI));
  } catch {
    // Some private windows refuse, and so do pages without TLS. The page then needs a network, like any other.
    return;
  }
  if (!registration) return;
  watchOtherTabs();
  if (registration.waiting) offer(registration.waiting);
  registration.addEventListener('updatefound', () => {
    const worker = registration.installing;
    worker?.addEventListener('statechange', () => {
      // The very first version replaces none.
      if (worker.state === 'installed' && navigator.serviceWorker.controller) offer(worker);
    });
  });
}

/** Whether this tab asked for the new version. */
let taking = false;

/** A version that one tab takes serves all tabs, without the older files that those have not fetched yet. */
function watchOtherTabs(): void {
  // The very first version replaces none.
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
