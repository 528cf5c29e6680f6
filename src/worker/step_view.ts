/**
 * From the trace of a step to what the page draws. The trace covers the whole vocabulary; the top N and the thinned curve
 * are taken here, after the maths.
 */
import type { TokenId, Tokenizer } from '../engines/contract.ts';
import { STAGES } from '../sampling/params.ts';
import { topTokens } from '../sampling/scores.ts';
import type { StageTrace, StepTrace } from '../sampling/trace.ts';
import { finalLogprob, maskedMass, rawLogprob, tokenFate, topOf } from '../sampling/trace_view.ts';
import type { CandidateRow, Cut, RankCurve, StageRow, StepView } from './views.ts';

/** Candidates that are listed beside the likeliest where a grammar has a say. */
const survivorsListed = 8;

/** Points of the rank curve: enough that a log axis shows no corner. */
const curvePoints = 160;

/**
 * @param chosen the token that stands at the position; null at the end of a text
 * @param top candidates to list; the chosen one is added when it is not among them
 */
export function stepView(
  trace: StepTrace,
  chosen: TokenId | null,
  drawn: boolean,
  tokenizer: Tokenizer,
  top: number,
): StepView {
  const listed = [...topTokens(trace.raw, top)];
  // A grammar may forbid all of the likeliest: then what it leaves is worth a look as well.
  if (maskedMass(trace.stages) !== null) listed.push(...topOf(trace, survivorsListed, 'final'));
  if (chosen !== null) listed.push(chosen);
  const rows = [...new Set(listed)].map((token) => candidateRow(trace, token, tokenizer));
  const { stages, cuts, curve } = throughChain(trace);
  return {
    chosen,
    rows,
    rest: restOf(trace, new Set(listed)),
    stages,
    curve,
    cuts,
    entropyRaw: trace.rawEntropy,
    entropyFinal: trace.finalEntropy,
    kept: trace.kept,
    u: drawn ? trace.u : null,
  };
}

/** Summed rather than taken from 1: what is left of a rounded sum would look like a probability. */
function restOf(trace: StepTrace, listed: ReadonlySet<TokenId>): StepView['rest'] {
  let raw = 0;
  let final = 0;
  for (let token = 0; token < trace.raw.length; token++) {
    if (listed.has(token)) continue;
    raw += Math.exp(rawLogprob(trace, token));
    final += Math.exp(finalLogprob(trace, token));
  }
  return { count: trace.raw.length - listed.size, raw, final };
}

export function candidateRow(trace: StepTrace, token: TokenId, tokenizer: Tokenizer): CandidateRow {
  const fate = tokenFate(trace, token);
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

/** One pass over the vocabulary in order of raw probability gives the stages' mass, their cuts and the curve. */
function throughChain(trace: StepTrace): { stages: StageRow[]; cuts: Cut[]; curve: RankCurve } {
  const size = trace.raw.length;
  const order = Uint32Array.from({ length: size }, (_, id) => id).sort(
    (a, b) => trace.raw[b]! - trace.raw[a]! || a - b,
  );
  const removedMass = new Float64Array(trace.stages.length + 1);
  /** Worst raw rank that a stage was given and kept; a stage that cuts the tail draws its line there. */
  const lastKept = new Float64Array(trace.stages.length);
  for (let rank = 1; rank <= size; rank++) {
    const token = order[rank - 1]!;
    const fate = trace.fate[token]!;
    removedMass[fate]! += Math.exp(rawLogprob(trace, token));
    const survived = fate === 0 ? trace.stages.length : fate - 1;
    for (let stage = 0; stage < survived; stage++) lastKept[stage] = rank;
  }
  let left = 1;
  const stages = trace.stages.map((stage, index): StageRow => {
    left = Math.max(0, left - removedMass[index + 1]!);
    const { label } = STAGES[stage.stage];
    const { before, after, massRemoved } = stage;
    return { stage: stage.stage, label, before, after, massRemoved, rawMassLeft: left, note: noteOf(stage) };
  });
  const cuts = trace.stages.flatMap((stage, index): Cut[] =>
    stage.after < stage.before
      ? [{ stage: stage.stage, label: STAGES[stage.stage].label, rank: lastKept[index]! }]
      : [],
  );
  return { stages, cuts, curve: rankCurve(trace, order) };
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
