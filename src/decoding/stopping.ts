/** Finds stop sequences in streamed text, across token borders, and holds back text that may become one. */

export class StopWatcher {
  readonly #sequences: readonly string[];
  readonly #longest: number;
  #text: string;

  /** @param sequences empty ones are ignored */
  constructor(sequences: readonly string[], text = '') {
    this.#sequences = sequences.filter((sequence) => sequence !== '');
    this.#longest = Math.max(0, ...this.#sequences.map((sequence) => sequence.length));
    this.#text = text;
  }

  /** All text so far; after a stop, the text before the stop sequence. */
  get text(): string {
    return this.#text;
  }

  /** Length of the text that may be shown: without an ending that could become a stop sequence. */
  get visible(): number {
    return this.#text.length - this.#held();
  }

  /** Adds text that was given, not generated: a stop sequence within it stops nothing. */
  skip(piece: string): void {
    this.#text += piece;
  }

  /** @returns the stop sequence that ends in `piece` (the one that begins first, the longest of those), or null */
  push(piece: string): string | null {
    const text = this.#text + piece;
    let at = Infinity;
    let found: string | null = null;
    for (const sequence of this.#sequences) {
      const index = text.indexOf(sequence, Math.max(0, this.#text.length - sequence.length + 1));
      if (index < 0 || index > at) continue;
      if (index < at || sequence.length > found!.length) found = sequence;
      at = index;
    }
    this.#text = found === null ? text : text.slice(0, at);
    return found;
  }

  clone(): StopWatcher {
    return new StopWatcher(this.#sequences, this.#text);
  }

  #held(): number {
    const most = Math.min(this.#longest - 1, this.#text.length);
    for (let length = most; length > 0; length--) {
      const end = this.#text.slice(-length);
      if (this.#sequences.some((sequence) => sequence.length > length && sequence.startsWith(end)))
        return length;
    }
    return 0;
  }
}
