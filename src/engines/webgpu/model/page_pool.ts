/** Reference counts of the KV cache's pages: a fork shares its prefix's pages. It holds page numbers only, not the bytes. */
export class PagePool {
  readonly #references: Uint16Array;
  readonly #free: number[];

  constructor(readonly size: number) {
    this.#references = new Uint16Array(size);
    this.#free = Array.from({ length: size }, (_, i) => size - 1 - i);
  }

  get free(): number {
    return this.#free.length;
  }

  /** @returns a page with one reference, or undefined if none is free */
  take(): number | undefined {
    const page = this.#free.pop();
    if (page !== undefined) this.#references[page] = 1;
    return page;
  }

  share(page: number): void {
    this.#references[page]!++;
  }

  references(page: number): number {
    return this.#references[page]!;
  }

  release(page: number): void {
    if (--this.#references[page]! === 0) this.#free.push(page);
  }
}
