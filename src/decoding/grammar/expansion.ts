/** Maximum of letters in a grammar with its repetitions written out: beyond it XGrammar takes minutes. */
export const mostLetters = 20_000;

/** Counts the letters of a grammar with its repetitions written out, as it is read from left to right. */
export class Expansion {
  readonly #open: number[] = [0];
  #last = 0;

  /** Counts a letter, a class, or the name of a rule. */
  atom(): void {
    this.#add(1);
  }

  open(): void {
    this.#open.push(0);
  }

  close(): void {
    this.#add(Math.max(1, this.#open.length > 1 ? this.#open.pop()! : 0));
  }

  /** The last element occurs `times` times. */
  repeat(times: number): void {
    this.#open[this.#open.length - 1]! += this.#last * (times - 1);
    this.#last *= times;
  }

  get tooMuch(): boolean {
    return this.#open.reduce((sum, size) => sum + size, 0) > mostLetters;
  }

  #add(size: number): void {
    this.#last = size;
    this.#open[this.#open.length - 1]! += size;
  }
}

export interface Repetition {
  /** The repetition as it is written in the source. */
  readonly text: string;
  readonly least: number;
  /** Null if there is no upper bound. */
  readonly most: number | null;
}

/** `{n}`, `{n,}` or `{n,m}` at this place; null for anything else. */
export function repetitionAt(source: string, at: number): Repetition | null {
  const match = /^\{\s*(\d{1,9})\s*(,)?\s*(\d{1,9})?\s*\}/.exec(source.slice(at, at + 40));
  if (!match || (match[3] !== undefined && match[2] === undefined)) return null;
  const least = Number(match[1]);
  const most = match[2] === undefined ? least : match[3] === undefined ? null : Number(match[3]);
  return { text: match[0], least, most };
}
