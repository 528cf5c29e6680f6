/** Bytes per second over the last few seconds: the present speed of the connection, not the average since the beginning. */
const WINDOW_MS = 5000;

export class TransferRate {
  #samples: { readonly at: number; readonly bytes: number }[] = [];

  /** @param at milliseconds of a monotonic clock; @param bytes received in all */
  add(at: number, bytes: number): void {
    const last = this.#samples.at(-2);
    // A chunk may come every millisecond, which would make a list of thousands; ten samples per second are enough.
    if (last && at - last.at < 100) this.#samples.pop();
    this.#samples.push({ at, bytes });
    while (this.#samples.length > 2 && at - this.#samples[0]!.at > WINDOW_MS) this.#samples.shift();
  }

  /** Forgets the past, because a pause is not a slow connection. */
  restart(): void {
    this.#samples = [];
  }

  /** Null until there are enough samples. */
  get bytesPerSecond(): number | null {
    const first = this.#samples[0];
    const last = this.#samples.at(-1);
    if (!first || !last || last.at - first.at < 200) return null;
    return ((last.bytes - first.bytes) / (last.at - first.at)) * 1000;
  }
}
