/**
 * Converts the trace of a step to what the page draws. The trace covers the whole vocabulary; the top N and the thinned curve are
 * cut from it here, after the maths.
 */
import type { TokenId, Tokenizer } from '../../engines/contract.ts';
import { STAGES } from '../../sampling/params.ts';
import { exp } from '../../sampling/exp.ts';
import { Ranking } from '../../sampling/ordering/ranking.ts';
import type { StageTrace, StepTrace } from '../../sampling/trace.ts';
import { finalLogprob, maskedMass, rawLogprob, tokenFate, topOf } from '../../sampling/trace_view.ts';
import type { CandidateRow, Cut, RankCurve, StageRow, StepFigures, StepView } from '../api/views.ts';

/** Further candidates to list if a grammar applies. */
const survivorsListed = 8;

/** A fate is a byte. */
const FATES = 256;

/** Points of the rank curve: enough for a smooth line on a log axis. */
const curvePoints = 160;

/**
 * @param chosen the token that stands at the position; null at the end of a text
 * @param top candidates to list; the chosen one is added if it is not among them
 */
export function stepView(
  trace: StepTrace,
  chosen: TokenId | null,
  drawn: boolean,
  tokenizer: Tokenizer,
  top: number,
): StepView {
  const ranking = new Ranking(trace.raw);
  const ranks = curveRanks(trace.raw.length);
  const tokens = tokensAt(ranking, top, ranks);
  const listed = new Set(tokens.top);
  // A grammar may forbid all of the likeliest tokens, so list some that it allows.
  if (maskedMass(trace.stages) !== null)
    topOf(trace, survivorsListed, 'final').forEach((id) => listed.add(id));
  if (chosen !== null) listed.add(chosen);
  const { rest, massByFate, worstByFate } = sums(trace, [...listed]);
  const rankOf = ranksOf(ranking, [...listed, ...worstByFate.values()]);
  return {
    chosen,
    rows: Array.from(listed, (token) => candidateRow(trace, token, tokenizer, rankOf(token))),
    rest,
    stages: stageRows(trace, massByFate),
    curve: rankCurve(trace, ranks, tokens.curve),
    cuts: cutsOf(trace, worstByFate, rankOf),
    ...stepFigures(trace, drawn),
  };
}

export function stepFigures({ rawEntropy, finalEntropy, kept, u }: StepTrace, drawn: boolean): StepFigures {
  return { entropyRaw: rawEntropy, entropyFinal: finalEntropy, kept, u: drawn ? u : null };
}

/** The tokens at the first `top` ranks and at the curve's ranks, from one search. */
function tokensAt(
  ranking: Ranking,
  top: number,
  ranks: readonly number[],
): { readonly top: readonly TokenId[]; readonly curve: readonly TokenId[] } {
  const first = Array.from({ length: Math.min(top, ranks.at(-1)!) }, (_, index) => index + 1);
  const wanted = [...first, ...ranks.filter((rank) => rank > first.length)];
  const found = ranking.at(wanted);
  const at = new Map(wanted.map((rank, index) => [rank, found[index]!]));
  return { top: first.map((rank) => at.get(rank)!), curve: ranks.map((rank) => at.get(rank)!) };
}

function ranksOf(ranking: Ranking, tokens: readonly TokenId[]): (token: TokenId) => number {
  const found = ranking.of(tokens);
  const ranks = new Map(tokens.map((token, index) => [token, found[index]!]));
  return (token) => ranks.get(token)!;
}

/**
 * One pass over the vocabulary: the mass that is not listed, and the raw mass and the worst token of each fate. The mass is summed,
 * because 1 minus a rounded sum would look like a probability.
 */
function sums(
  { raw, fate, logits, rawLogNormaliser, finalLogNormaliser }: StepTrace,
  listed: readonly TokenId[],
): { rest: StepView['rest']; massByFate: Float64Array; worstByFate: ReadonlyMap<number, TokenId> } {
  // Separate sums for even and odd tokens: most tokens share one fate, and no addition waits for the previous one.
  const masses = new Float64Array(2 * FATES);
  const worst = new Float32Array(FATES).fill(Infinity);
  const worstToken = new Int32Array(FATES).fill(-1);
  const skipped = Uint32Array.from(listed).sort();
  let next = 0;
  let restFinal = 0;
  for (let token = 0; token < raw.length; token++) {
    const logit = raw[token]!;
    const gone = fate[token]!;
    // Of equal logits the last is the worst.
    if (logit <= worst[gone]!) {
      worst[gone] = logit;
      worstToken[gone] = token;
    }
    if (token === skipped[next]) {
      next++;
      continue;
    }
    masses[gone + (token & 1) * FATES]! += exp(logit - rawLogNormaliser);
    if (gone === 0) restFinal += exp(logits[token]! - finalLogNormaliser);
  }
  const massByFate = masses.subarray(0, FATES).map((mass, gone) => mass + masses[gone + FATES]!);
  const rest = {
    count: raw.length - listed.length,
    raw: massByFate.reduce((sum, mass) => sum + mass),
    final: restFinal,
  };
  for (const token of listed) massByFate[fate[token]!]! += exp(raw[token]! - rawLogNormaliser);
  const worstByFate = new Map([...worstToken.entries()].filter(([, token]) => token >= 0));
  return { rest, massByFate, worstByFate };
}

/** @param rank among the raw logits, if it is known already */
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
    missed: fate.missed,
  };
}

function stageRows(trace: StepTrace, massByFate: Float64Array): StageRow[] {
  let left = 1;
  return trace.stages.map((stage, index): StageRow => {
    left = Math.max(0, left - massByFate[index + 1]!);
    const { label } = STAGES[stage.stage];
    const { before, after, massRemoved } = stage;
    return {
      stage: stage.stage,
      label,
      before,
      after,
      massRemoved,
      rawMassLeft: left,
      note: stageNote(stage),
    };
  });
}

/** The worst raw rank that a stage kept. A stage that cuts the tail has its line there. */
function cutsOf(
  { stages }: StepTrace,
  worstByFate: ReadonlyMap<number, TokenId>,
  rankOf: (token: TokenId) => number,
): Cut[] {
  return stages.flatMap(({ stage, before, after }, index): Cut[] => {
    if (after >= before) return [];
    // The living tokens, and those that a later stage removed.
    const kept = [...worstByFate].filter(
      ([fate]) => fate === 0 || (fate > index + 1 && fate <= stages.length),
    );
    const rank = Math.max(...kept.map(([, token]) => rankOf(token)));
    return [{ stage, label: STAGES[stage].label, rank }];
  });
}

/** What a stage did besides removing candidates. */
export function stageNote(stage: StageTrace): string {
  if (stage.temperature !== null) return `T = ${Number(stage.temperature.toFixed(3))}`;
  if (stage.changed > 0) return `changed ${stage.changed} ${stage.changed === 1 ? 'logit' : 'logits'}`;
  return '';
}

/** Ascending and unique, evenly spread on a logarithmic axis. */
function curveRanks(size: number): number[] {
  const even = Array.from({ length: curvePoints }, (_, point) =>
    Math.round(size ** (point / (curvePoints - 1))),
  );
  return [...new Set(even)];
}

function rankCurve(trace: StepTrace, ranks: readonly number[], tokens: readonly TokenId[]): RankCurve {
  const read = (logprob: (trace: StepTrace, token: TokenId) => number): Float64Array =>
    Float64Array.from(tokens, (token) => Math.exp(logprob(trace, token)));
  return {
    vocabularySize: trace.raw.length,
    ranks: Float64Array.from(ranks),
    raw: read(rawLogprob),
    final: read(finalLogprob),
  };
}
