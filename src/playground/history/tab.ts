/** A unique name for this tab, which survives a reload. */

const storageKey = 'logitscope-tab';

export interface TabName {
  /** The name under which this tab writes. */
  readonly own: string;
  /** The name before a reload, or that of the tab from which this one was duplicated; null for a new tab. */
  readonly before: string | null;
}

export async function nameTab(): Promise<TabName> {
  const before = stored();
  // A duplicated tab begins with its original's storage. The lock tells them apart.
  const own = before !== null && (await claim(before)) ? before : crypto.randomUUID();
  if (own !== before) {
    await claim(own);
    store(own);
  }
  return { own, before };
}

const held = new Set<string>();

/** Claims a tab's name or an entry of the history until this tab closes. @returns false if another tab holds it */
export function claim(name: string): Promise<boolean> {
  if (held.has(name) || !globalThis.navigator?.locks) return Promise.resolve(true);
  return new Promise((resolve) => {
    void navigator.locks.request(`${storageKey}-${name}`, { ifAvailable: true }, (lock) => {
      if (lock !== null) held.add(name);
      resolve(lock !== null);
      // The browser releases it when the page closes.
      return lock === null ? undefined : new Promise(() => undefined);
    });
  });
}

function stored(): string | null {
  try {
    return sessionStorage.getItem(storageKey);
  } catch {
    return null;
  }
}

function store(name: string): void {
  try {
    sessionStorage.setItem(storageKey, name);
  } catch {
    // Storage is refused, so the tab is a new one after each reload.
  }
}
