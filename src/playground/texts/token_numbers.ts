/**
 * The numbers of a token, listed once: what the page holds, and what files, links and tables name, check and pack, derive from
 * this list. Raw is before every stage, final after the whole chain; `docs/links-and-files.md` describes them for others.
 */
import type { StepRecord } from '../../decoding/events.ts';

interface NumberKind {
  /** In a sentence. */
  readonly words: string;
  /** What it counts in. Ranks and candidates are whole numbers. */
  readonly unit: 'nats' | 'whole';
  /** Whether the chain has a say in it. */
  readonly ofChain: boolean;
  /** Its column in a packed record. */
  readonly packed: string;
  /** Its column in a CSV file. */
  readonly csv: string;
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
} as const satisfies { readonly [K in keyof StepRecord]?: NumberKind };

export type NumberName = keyof typeof kinds;
export type PackedColumn = (typeof kinds)[NumberName]['packed'];

/** One value for each of them. */
export type TokenNumbers<T = number> = { readonly [K in NumberName]: T };

export const tokenNumbers: TokenNumbers<NumberKind & { readonly packed: PackedColumn }> = kinds;
export const numberNames = Object.keys(kinds) as NumberName[];

/** @param value of each number */
export function eachNumber<T>(value: (name: NumberName) => T): TokenNumbers<T> {
  // This runs once per token of a text, where a list of entries would cost several times as much.
  const each: Partial<Record<NumberName, T>> = {};
  for (const name of numberNames) each[name] = value(name);
  return each as TokenNumbers<T>;
}

/** The same for the columns of a packed record. */
export function eachColumn<T>(value: (name: NumberName) => T): { readonly [K in PackedColumn]: T } {
  const entries = numberNames.map((name) => [kinds[name].packed, value(name)]);
  return Object.fromEntries(entries) as { readonly [K in PackedColumn]: T };
}
