/** Whether the page still offers Learn to someone who is here for the first time. */
const storageKey = 'logitscope-learn-offered';

function closed(): boolean {
  try {
    return localStorage.getItem(storageKey) !== null;
  } catch {
    // Some private windows refuse storage.
    return false;
  }
}

class FirstVisit {
  #offers = $state(!closed());

  get offers(): boolean {
    return this.#offers;
  }

  /** For ever, where the browser keeps it. */
  close(): void {
    this.#offers = false;
    try {
      localStorage.setItem(storageKey, 'closed');
    } catch {
      // See `closed`.
    }
  }
}

export const firstVisit = new FirstVisit();
