import { EngineError } from '../contract.ts';

/** What a GGUF key can hold. 64-bit integers are read as doubles: exact up to 2^53, and no key that we read goes beyond. */
export type MetadataValue = number | boolean | string | ArrayLike<number> | readonly string[];

/**
 * The key–value pairs at the head of a GGUF file, read with types. Each getter returns the fallback if the key is missing. It
 * throws EngineError `bad-file` if there is no fallback, or if the key holds another type.
 */
export class Metadata {
  readonly #values: ReadonlyMap<string, MetadataValue>;
  readonly #file: string;

  /** @param file the file's name, for messages */
  constructor(values: ReadonlyMap<string, MetadataValue>, file: string) {
    this.#values = values;
    this.#file = file;
  }

  has(key: string): boolean {
    return this.#values.has(key);
  }

  keys(): IterableIterator<string> {
    return this.#values.keys();
  }

  get(key: string): MetadataValue | undefined {
    return this.#values.get(key);
  }

  /** A finite number. */
  number(key: string, fallback?: number): number {
    const value = this.#values.get(key) ?? fallback;
    if (typeof value === 'number' && Number.isFinite(value)) return value;
    throw this.#mismatch(key, 'a finite number');
  }

  string(key: string, fallback?: string): string {
    const value = this.#values.get(key) ?? fallback;
    if (typeof value === 'string') return value;
    throw this.#mismatch(key, 'text');
  }

  boolean(key: string, fallback?: boolean): boolean {
    const value = this.#values.get(key) ?? fallback;
    if (typeof value === 'boolean') return value;
    throw this.#mismatch(key, 'true or false');
  }

  numberArray(key: string, fallback?: ArrayLike<number>): ArrayLike<number> {
    const value = this.#values.get(key) ?? fallback;
    if (isArrayOf(value, 'number')) return value as ArrayLike<number>;
    throw this.#mismatch(key, 'a list of numbers');
  }

  stringArray(key: string, fallback?: readonly string[]): readonly string[] {
    const value = this.#values.get(key) ?? fallback;
    if (isArrayOf(value, 'string')) return value as readonly string[];
    throw this.#mismatch(key, 'a list of texts');
  }

  #mismatch(key: string, expected: string): EngineError {
    const value = this.#values.get(key);
    const found = value === undefined ? 'is missing' : `holds ${describe(value)}`;
    return new EngineError(
      'bad-file',
      `${this.#file}: the key "${key}" ${found}, where ${expected} is needed; the file is damaged or was converted for another program.`,
    );
  }
}

/** The reader makes lists of one type only, so the first element tells the type of all. */
function isArrayOf(value: MetadataValue | undefined, type: 'number' | 'string'): boolean {
  return isList(value) && (value.length === 0 || typeof value[0] === type);
}

function isList(value: MetadataValue | undefined): value is ArrayLike<number> | readonly string[] {
  return typeof value === 'object';
}

function describe(value: MetadataValue): string {
  if (isList(value)) return `a list of ${value.length} (${typeof value[0]})`;
  if (typeof value === 'string') return `the text ${JSON.stringify(value.slice(0, 40))}`;
  return String(value);
}
