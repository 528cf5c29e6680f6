/** What the view of a draw shows of the worker's numbers. */
import type { StageName } from '../../../../sampling/params.ts';
import type { DrawBar, DrawPart, DrawView } from '../../../../worker/api/views.ts';
import { count, percent, visible } from '../../../format.ts';

export interface ShownBar extends DrawBar {
  /** The distribution that the token is drawn from. */
  readonly final: boolean;
  /** Tokens that the next bar no longer has. */
  readonly leaving: ReadonlySet<number>;
}

/** A bar without its predecessor's changes would be the same bar again. */
function changedNothing(bar: DrawBar, before: DrawBar): boolean {
  return bar.note === '' && bar.count === before.count && bar.logNormaliser === before.logNormaliser;
}

/** The first bar, and those after stages that changed something. */
export function shownBars({ bars }: DrawView): ShownBar[] {
  const changed = bars.filter((bar, index) => index === 0 || !changedNothing(bar, bars[index - 1]!));
  return changed.map((bar, index) => {
    const next = changed[index + 1];
    const stay = new Set(next?.parts.map(({ token }) => token));
    const leaving = bar.parts.flatMap(({ token }) =>
      token === null || !next || stay.has(token) ? [] : [token],
    );
    return { ...bar, final: next === undefined, leaving: new Set(leaving) };
  });
}

export function barOfStage(bars: readonly ShownBar[], stage: StageName): ShownBar | null {
  return bars.find((bar) => bar.stage === stage) ?? null;
}

export function partName({ token, label, count: unlisted }: DrawPart): string {
  return token === null ? `${count(unlisted)} ${unlisted === 1 ? 'other' : 'others'}` : visible(label);
}

/** What a stage did, in a few words. */
export function stageWords(bar: DrawBar, before: DrawBar | null): string {
  if (before === null) return `${count(bar.count)} candidates`;
  const left = bar.count < before.count ? `${count(before.count)} → ${count(bar.count)} candidates` : '';
  return [bar.note, left].filter((words) => words !== '').join(', ');
}

/** What a screen reader says of a bar as a whole. */
export function barLabel({ stage, label, count: candidates, parts }: DrawBar): string {
  const named = [...parts].sort((a, b) => b.probability - a.probability).slice(0, 3);
  const shares = named.map((part) => `${partName(part)} ${percent(part.probability)}`).join(', ');
  return `${stage === null ? 'Before the chain' : `After ${label}`}: ${count(candidates)} ${candidates === 1 ? 'candidate' : 'candidates'}; ${shares}`;
}

/** The part of a bar at a place between 0 and 1. Rounding may leave the last part short of 1. */
export function partAt({ parts }: DrawBar, place: number): number {
  const index = parts.findIndex(({ start, probability }) => place < start + probability);
  return index < 0 ? parts.length - 1 : index;
}

/** The part of the same token in another bar, or else the part at the same place. */
export function samePart(part: DrawPart, bar: DrawBar): number {
  const index = part.token === null ? -1 : bar.parts.findIndex(({ token }) => token === part.token);
  return index < 0 ? partAt(bar, part.start + part.probability / 2) : index;
}

/** A softmax spelled out: p = exp(logit − max) ÷ sum. */
export interface Softmax {
  readonly max: number;
  /** Over all candidates. */
  readonly sum: number;
  readonly rows: readonly (DrawPart & { readonly below: number; readonly weight: number })[];
  /** The candidates that have no row. */
  readonly others: { readonly count: number; readonly weight: number; readonly probability: number };
}

export function softmaxOf({ parts, max, logNormaliser, count: candidates }: DrawBar, most: number): Softmax {
  const sum = Math.exp(logNormaliser - max);
  const rows = parts
    .filter(({ token }) => token !== null)
    .slice(0, most)
    .map((part) => ({ ...part, below: part.logit - max, weight: Math.exp(part.logit - max) }));
  const named = new Set(rows.map(({ token }) => token));
  const probability = parts.reduce(
    (mass, part) => (named.has(part.token) ? mass : mass + part.probability),
    0,
  );
  return {
    max,
    sum,
    rows,
    others: { count: candidates - rows.length, weight: probability * sum, probability },
  };
}
