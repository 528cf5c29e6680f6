/** A name for this tab that outlives a reload of it, and that no other tab has. */

const storageKey = 'logitscope-tab';

export interface TabName {
  /** What this tab writes under. */
  readonly own: string;
  /** What it wrote under before it was reloaded, or what the tab wrote that it was duplicated from; null for a new tab. */
  readonly before: string | null;
}

export async function nameTab(): Promise<TabName> {
  const before = stored();
  // A duplicated tab begins with its original's storage; the lock tells them apart.
  const own = before !== null && (await claim(before)) ? before : crypto.randomUUID();
  if (own !== before) {
    await claim(own);
    store(own);
  }
  return { own, before };
}

const held = new Set<string>();

/** A tab, or an entry of the history, is this tab's until it is gone. @returns false when another tab holds it */
export function claim(name: string): Promise<boolean> {
  if (held.has(name) || !globalThis.navigator?.locks) return Promise.resolve(true);
  return new Promise((resolve) => {
    void navigator.locks.request(`${storageKey}-${name}`, { ifAvailable: true }, (lock) => {
      if (lock !== null) held.add(name);
      resolve(lock !== null);
      // Released by the browser, when the page goes.
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
    // Refused: the tab is a new one after each reload.
  }
}
