/** Packs a record for a link. */
import { firstParams } from '../../sampling/parameter_table.ts';
import type { SamplingParams } from '../../sampling/params.ts';
import { type NumberName, numberNames, type PackedColumn, tokenNumbers } from '../texts/token_numbers.ts';
import type { DocumentComparison } from './comparison_schema.ts';
import type { DocumentCandidate, DocumentText, DocumentToken, RunRecord } from './document.ts';
import { packVersion, type Packed, type PackedText, type Values } from './packed.ts';

type NumberColumns = Pick<PackedText, PackedColumn>;

function thousandths(value: number): number {
  return Math.round(value * 1000);
}

/** @param depth candidates kept of each step */
export function pack(record: RunRecord, depth: number): Packed {
  const words = new Map<number, { word: number; label: string; kind: DocumentToken['kind'] }>();
  const wordOf = (id: number, label: string, kind: DocumentToken['kind'] = 'normal'): number => {
    const known = words.get(id);
    if (known) {
      if (kind !== 'normal') known.kind = kind;
      return known.word;
    }
    words.set(id, { word: words.size, label, kind });
    return words.size - 1;
  };
  const texts = record.lines.map((text, index): PackedText => {
    const share = longestShare(text, record.lines.slice(0, index));
    const own = text.tokens.slice(share?.[1] ?? 0);
    return packedText(text, own, share, depth, wordOf);
  });
  const entries = [...words].map(([id, entry]) => ({ id, ...entry }));
  const { model, engine, strategy, comparison, current, selected } = record;
  return {
    pack: packVersion,
    model,
    engine,
    strategy,
    current,
    selected,
    ids: entries.map(({ id }) => id),
    labels: entries.map(({ label }) => label),
    kinds: entries.filter(({ kind }) => kind !== 'normal').map(({ word, kind }) => [word, kind] as const),
    lines: texts,
    ...(comparison ? { comparison: packedComparison(comparison) } : {}),
  };
}

function packedComparison(comparison: DocumentComparison): NonNullable<Packed['comparison']> {
  const { params, outcome, greedy } = comparison;
  const rounded = (value: number): number => thousandths(value) / 1000;
  return {
    ...comparison,
    params: changedParams(params),
    greedy: greedy && { ...greedy, totalLogprob: rounded(greedy.totalLogprob) },
    outcome: outcome && {
      ...outcome,
      judgements: outcome.judgements.map(({ score, ...rest }) => ({
        ...rest,
        score: score === null ? null : rounded(score),
      })),
      timing: {
        ...outcome.timing,
        prefillMs: Math.round(outcome.timing.prefillMs),
        decodeMs: Math.round(outcome.timing.decodeMs),
        samplingMs: Math.round(outcome.timing.samplingMs),
      },
    },
  };
}

function packedText(
  text: DocumentText,
  own: readonly DocumentToken[],
  share: PackedText['share'],
  depth: number,
  wordOf: (id: number, label: string, kind?: DocumentToken['kind']) => number,
): PackedText {
  const { name, lane, parent, forkedAt, drawn, stream, byHand, promptLength, visible, reason } = text;
  const tops = own.map(({ top }) => top.slice(0, depth));
  return {
    name,
    lane,
    ...(parent !== null && forkedAt !== null ? { fork: [parent, forkedAt] as const } : {}),
    ...(stream !== 0 ? { stream } : {}),
    ...(byHand.length > 0 ? { byHand } : {}),
    promptLength,
    visible,
    reason,
    params: changedParams(text.params),
    ...(drawn.length > 0
      ? { drawn: drawn.map((part) => ({ ...part, params: changedParams(part.params) })) }
      : {}),
    share,
    words: own.map(({ id, label, kind }) => wordOf(id, label, kind)),
    texts: own.flatMap(({ text, label }, index) => (text === label ? [] : [[index, text] as const])),
    ...numberColumns(own),
    counts: tops.map((top) => top.length),
    top: {
      words: tops.flatMap((top) => top.map(({ id, label }) => wordOf(id, label))),
      raw: tops.flatMap(rawColumn),
      final: tops.flatMap((top) => top.map(finalDistance)),
    },
  };
}

function numberColumns(tokens: readonly DocumentToken[]): NumberColumns {
  const columns: Partial<Record<PackedColumn, Values>> = {};
  for (const name of numberNames) {
    if (name === 'masked' && tokens.every(({ masked }) => masked === undefined)) continue;
    columns[tokenNumbers[name].packed] = tokens.map((token) => {
      const value = token[name] ?? null;
      return value === null || tokenNumbers[name].unit === 'whole' ? value : thousandths(value);
    });
  }
  return columns as NumberColumns;
}

/** One token's number from the columns. */
export function packedNumber(columns: NumberColumns, name: NumberName, index: number): number | null {
  const { packed, unit } = tokenNumbers[name];
  const value = columns[packed]?.[index] ?? null;
  return value === null || unit === 'whole' ? value : value / 1000;
}

function rawColumn(top: readonly DocumentCandidate[]): number[] {
  return top.map(({ rawLogprob }, index) => {
    const before = top[index - 1];
    return thousandths(rawLogprob) - (before ? thousandths(before.rawLogprob) : 0);
  });
}

function finalDistance({ rawLogprob, finalLogprob }: DocumentCandidate): number | null {
  return finalLogprob === null ? null : thousandths(finalLogprob) - thousandths(rawLogprob);
}

function changedParams(params: SamplingParams): Partial<SamplingParams> {
  const defaults = firstParams();
  const changed = (Object.keys(params) as (keyof SamplingParams)[]).filter(
    (key) => JSON.stringify(params[key]) !== JSON.stringify(defaults[key]),
  );
  return Object.fromEntries(changed.map((key) => [key, params[key]]));
}

/** Lanes share a prompt, and branches share their parent's text. */
function longestShare(text: DocumentText, earlier: readonly DocumentText[]): PackedText['share'] {
  let best: PackedText['share'] = null;
  earlier.forEach((other, index) => {
    let length = 0;
    while (same(text.tokens[length], other.tokens[length])) length++;
    if (length > (best?.[1] ?? 0)) best = [index, length];
  });
  return best;
}

function same(a: DocumentToken | undefined, b: DocumentToken | undefined): boolean {
  return a !== undefined && b !== undefined && (a === b || JSON.stringify(a) === JSON.stringify(b));
}
