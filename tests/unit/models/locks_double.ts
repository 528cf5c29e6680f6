/** Web Locks of one browser, in memory: exclusive locks by name, in the order of asking. Source: W3C Web Locks API. */
type Held = (lock: { readonly name: string } | null) => unknown;
interface Options {
  readonly ifAvailable?: boolean;
  readonly signal?: AbortSignal;
}

export class LocksDouble {
  readonly #queues = new Map<string, (() => void)[]>();

  /** Names that are held now. */
  get held(): readonly string[] {
    return [...this.#queues.keys()];
  }

  async request(name: string, options: Options, held: Held): Promise<unknown> {
    const { ifAvailable = false, signal } = options;
    await null;
    signal?.throwIfAborted();
    const queue = this.#queues.get(name);
    if (queue && ifAvailable) return held(null);
    if (queue) {
      await new Promise<void>((resolve, reject) => {
        queue.push(resolve);
        signal?.addEventListener('abort', () => {
          // The signal has no effect after the lock is granted.
          if (!queue.includes(resolve)) return;
          queue.splice(queue.indexOf(resolve), 1);
          reject(signal.reason as Error);
        });
      });
    } else {
      this.#queues.set(name, []);
    }
    try {
      return await held({ name });
    } finally {
      const next = this.#queues.get(name)!.shift();
      if (next) next();
      else this.#queues.delete(name);
    }
  }
}
