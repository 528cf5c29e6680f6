const KEY = 'hub-address';

/** The address of the hub that the person chose, kept for the next visit; empty for the hub's own. */
class HubAddress {
  #value = $state(read());

  get value(): string {
    return this.#value;
  }

  set value(next: string) {
    this.#value = next.trim().replace(/\/+$/, '');
    try {
      localStorage.setItem(KEY, this.#value);
    } catch {
      // A private window may keep nothing: then it holds for this visit.
    }
  }
}

function read(): string {
  try {
    return localStorage.getItem(KEY) ?? '';
  } catch {
    return '';
  }
}

export const hubAddress = new HubAddress();
