/** Bytes per second over the last few seconds: what the connection gives now, and not what it gave since the beginning. */
const WINDOW_MS = 5000;

export class TransferRate {
  #samples: { readonly at: number; readonly bytes: number }[] = [];

  /** @param at milliseconds of a clock that does not go back; @param bytes received in all */
  add(at: number, bytes: number): void {
    const last = this.#samples.at(-2);
    // A chunk every millisecond would make a list of thousands; ten samples a second tell as much.
    if (last && at - last.at < 100) this.#samples.pop();
    this.#samples.push({ at, bytes });
    while (this.#samples.length > 2 && at - this.#samples[0]!.at > WINDOW_MS) this.#samples.shift();
  }

  /** Forgets the past: a pause is no slow connection. */
  restart(): void {
    this.#samples = [];
  }

  /** Null while there is nothing to tell it by. */
  get bytesPerSecond(): number | null {
    const first = this.#samples[0];
    const last = this.#samples.at(-1);
    if (!first || !last || last.at - first.at < 200) return null;
    return ((last.bytes - first.bytes) / (last.at - first.at)) * 1000;
  }
}
