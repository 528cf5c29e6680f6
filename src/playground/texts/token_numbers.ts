/**
 * What each number of a token is called and counted in. Files, links and tables derive their names, checks and columns from this
 * list. `docs/links-and-files.md` describes the numbers for other programs.
 */
import type { TokenNumbers } from '../../sampling/token_numbers.ts';

interface NumberKind {
  /** In a sentence. */
  readonly words: string;
  /** Ranks and counts of candidates are whole numbers. */
  readonly unit: 'nats' | 'whole' | 'share';
  /** Whether the chain changes it. */
  readonly ofChain: boolean;
  /** Its column in a packed record. */
  readonly packed: string;
  /** Its column in a CSV file, if it has one. */
  readonly csv?: string;
}

const kinds = {
  rawLogprob: { words: 'raw logprob', unit: 'nats', ofChain: false, packed: 'raw', csv: 'raw_logprob' },
  finalLogprob: {
    words: 'final logprob',
    unit: 'nats',
    ofChain: true,
    packed: 'final',
    csv: 'final_logprob',
  },
  rank: { words: 'rank', unit: 'whole', ofChain: false, packed: 'rank', csv: 'rank' },
  entropy: { words: 'entropy', unit: 'nats', ofChain: false, packed: 'entropy', csv: 'entropy_nats' },
  finalEntropy: {
    words: 'final entropy',
    unit: 'nats',
    ofChain: true,
    packed: 'finalEntropy',
    csv: 'final_entropy_nats',
  },
  kept: {
    words: 'number of candidates kept',
    unit: 'whole',
    ofChain: true,
    packed: 'kept',
    csv: 'candidates_kept',
  },
  masked: {
    words: 'share that the grammar removed',
    unit: 'share',
    ofChain: false,
    packed: 'masked',
  },
} as const satisfies TokenNumbers<NumberKind>;

export type NumberName = keyof TokenNumbers;
export type PackedColumn = (typeof kinds)[NumberName]['packed'];

export const tokenNumbers: TokenNumbers<NumberKind & { readonly packed: PackedColumn }> = kinds;
export const numberNames = Object.keys(kinds) as NumberName[];

const blank = Object.fromEntries(numberNames.map((name) => [name, undefined])) as Record<
  NumberName,
  undefined
>;

/** @param value of each number */
export function eachNumber<T>(value: (name: NumberName) => T): TokenNumbers<T> {
  // This runs once per token: a list of entries would cost several times as much. The copy has its final shape from the start.
  const each: Record<NumberName, T | undefined> = { ...blank };
  for (const name of numberNames) each[name] = value(name);
  return each as TokenNumbers<T>;
}
