/**
 * From the trace of a step to what the page draws. The trace covers the whole vocabulary; the top N and the thinned curve
 * are taken here, after the maths.
 */
import type { TokenId, Tokenizer } from '../../engines/contract.ts';
import { STAGES } from '../../sampling/params.ts';
import { exp } from '../../sampling/exp.ts';
import { RawOrder } from '../../sampling/raw_order.ts';
import { rankOf } from '../../sampling/scores.ts';
import type { StageTrace, StepTrace } from '../../sampling/trace.ts';
import { finalLogprob, maskedMass, rawLogprob, tokenFate, topOf } from '../../sampling/trace_view.ts';
import type { CandidateRow, Cut, RankCurve, StageRow, StepView } from '../api/views.ts';

/** Candidates that are listed beside the likeliest where a grammar has a say. */
const survivorsListed = 8;

/** Points of the rank curve: enough that a log axis shows no corner. */
const curvePoints = 160;

/**
 * @param chosen the token that stands at the position; null at the end of a text
 * @param top candidates to list; the chosen one is added when it is not among them
 * @param orders working memory for whoever looks at one step after another
 */
export function stepView(
  trace: StepTrace,
  chosen: TokenId | null,
  drawn: boolean,
  tokenizer: Tokenizer,
  top: number,
  orders = new RawOrder(trace.raw.length),
): StepView {
  const order = orders.order(trace.raw);
  const ranks = new Map<TokenId, number>();
  order.subarray(0, top).forEach((token, index) => ranks.set(token, index + 1));
  const list = (token: TokenId): void => {
    if (!ranks.has(token)) ranks.set(token, rankOf(trace.raw, token));
  };
  // A grammar may forbid all of the likeliest: then what it leaves is worth a look as well.
  if (maskedMass(trace.stages) !== null) topOf(trace, survivorsListed, 'final').forEach(list);
  if (chosen !== null) list(chosen);
  const { rest, massByFate } = sums(trace, [...ranks.keys()]);
  return {
    chosen,
    rows: Array.from(ranks, ([token, rank]) => candidateRow(trace, token, tokenizer, rank)),
    rest,
    stages: stageRows(trace, massByFate),
    curve: rankCurve(trace, order),
    cuts: cutsOf(trace, order),
    entropyRaw: trace.rawEntropy,
    entropyFinal: trace.finalEntropy,
    kept: trace.kept,
    u: drawn ? trace.u : null,
  };
}

/**
 * One pass over the vocabulary: the mass that is not listed, and the raw mass by fate. Summed rather than taken from 1: what
 * is left of a rounded sum would look like a probability.
 */
function sums(
  { raw, fate, logits, rawLogNormaliser, finalLogNormaliser }: StepTrace,
  listed: readonly TokenId[],
): { rest: StepView['rest']; massByFate: Float64Array } {
  const massByFate = new Float64Array(256);
  const skipped = Uint32Array.from(listed).sort();
  let next = 0;
  let restRaw = 0;
  let restFinal = 0;
  for (let token = 0; token < raw.length; token++) {
    const mass = exp(raw[token]! - rawLogNormaliser);
    massByFate[fate[token]!]! += mass;
    if (token === skipped[next]) {
      next++;
      continue;
    }
    restRaw += mass;
    if (fate[token] === 0) restFinal += exp(logits[token]! - finalLogNormaliser);
  }
  return { rest: { count: raw.length - listed.length, raw: restRaw, final: restFinal }, massByFate };
}

/** @param rank among the raw logits, for whoever knows it already */
export function candidateRow(
  trace: StepTrace,
  token: TokenId,
  tokenizer: Tokenizer,
  rank?: number,
): CandidateRow {
  const fate = tokenFate(trace, token, rank);
  return {
    token,
    label: tokenizer.label(token),
    logit: trace.raw[token]!,
    raw: Math.exp(fate.rawLogprob),
    rawLogprob: fate.rawLogprob,
    final: Math.exp(fate.finalLogprob),
    rank: fate.rank,
    removedBy: fate.removedBy,
    missed: fate.missed === null ? null : missedBy(fate.missed),
  };
}

/** By how much a token missed the cut, in the cut's own unit. */
function missedBy({ quantity, value, bound }: NonNullable<ReturnType<typeof tokenFate>['missed']>): string {
  const digits = (number: number): string => String(Number(number.toPrecision(3)));
  const by = digits(Math.abs(value - bound));
  switch (quantity) {
    case 'logit':
      return `${by} below ${digits(bound)} in logit`;
    case 'probability':
      return `p ${digits(value)}, cut at ${digits(bound)}`;
    case 'probability-above':
      return `p ${digits(value)}, above ${digits(bound)}`;
    case 'typicality':
      return `${by} nats too far from the entropy`;
    case 'bits':
      return `${by} bits over ${digits(bound)}`;
    case 'forbidden':
      return 'forbidden';
  }
}

function stageRows(trace: StepTrace, massByFate: Float64Array): StageRow[] {
  let left = 1;
  return trace.stages.map((stage, index): StageRow => {
    left = Math.max(0, left - massByFate[index + 1]!);
    const { label } = STAGES[stage.stage];
    const { before, after, massRemoved } = stage;
    return { stage: stage.stage, label, before, after, massRemoved, rawMassLeft: left, note: noteOf(stage) };
  });
}

/** The worst raw rank that a stage was given and kept: a stage that cuts the tail draws its line there. */
function cutsOf({ stages, fate }: StepTrace, order: Uint32Array): Cut[] {
  const worst = new Float64Array(256);
  for (let rank = 1; rank <= order.length; rank++) worst[fate[order[rank - 1]!]!] = rank;
  return stages.flatMap(({ stage, before, after }, index): Cut[] => {
    if (after >= before) return [];
    // The living, and what a later stage removed.
    const rank = Math.max(worst[0]!, ...worst.subarray(index + 2, stages.length + 1));
    return [{ stage, label: STAGES[stage].label, rank }];
  });
}

function noteOf(stage: StageTrace): string {
  if (stage.temperature !== null) return `T = ${Number(stage.temperature.toFixed(3))}`;
  if (stage.changed > 0) return `changed ${stage.changed} ${stage.changed === 1 ? 'logit' : 'logits'}`;
  return '';
}

function rankCurve(trace: StepTrace, order: Uint32Array): RankCurve {
  const size = order.length;
  const ranks: number[] = [];
  for (let point = 0; point < curvePoints; point++) {
    const rank = Math.round(size ** (point / (curvePoints - 1)));
    if (rank !== ranks.at(-1)) ranks.push(rank);
  }
  const at = (read: (token: number) => number): Float64Array =>
    Float64Array.from(ranks, (rank) => Math.exp(read(order[rank - 1]!)));
  return {
    vocabularySize: size,
    ranks: Float64Array.from(ranks),
    raw: at((token) => rawLogprob(trace, token)),
    final: at((token) => finalLogprob(trace, token)),
  };
}
