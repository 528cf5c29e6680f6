/** Views of a step with only the most likely candidates, from a record or a server. Unknown figures are NaN. */
import type { TokenId } from '../../engines/contract.ts';
import type { CandidateRow, StepFigures, StepView } from './views.ts';

/** @param finalLogprob null if the chain removed the token; the stage is not known */
export function partialRow(
  token: TokenId,
  label: string,
  rank: number,
  rawLogprob: number,
  finalLogprob: number | null,
): CandidateRow {
  return {
    token,
    label,
    logit: NaN,
    raw: Math.exp(rawLogprob),
    rawLogprob,
    final: finalLogprob === null ? 0 : Math.exp(finalLogprob),
    rank,
    removedBy: finalLogprob === null ? 'the chain' : null,
    missed: null,
  };
}

/** What is known beside the candidates. */
interface Known extends Omit<StepFigures, 'u'> {
  readonly chosen: TokenId;
  /** 0 where it is not known. */
  readonly vocabularySize: number;
  /** Ranks on the axis of the curve. */
  readonly ranks: number;
}

/**
 * @param rows to list, the chosen token among them
 * @param ranked all known candidates, best first
 */
export function partialView(
  { chosen, vocabularySize, ranks, ...figures }: Known,
  rows: readonly CandidateRow[],
  ranked: readonly CandidateRow[],
): StepView {
  const finals = rows.map(({ final }) => final).filter((final) => !Number.isNaN(final));
  const left = (listed: readonly number[]): number => Math.max(0, 1 - listed.reduce((sum, p) => sum + p, 0));
  return {
    chosen,
    rows,
    rest: {
      count: vocabularySize > 0 ? Math.max(0, vocabularySize - rows.length) : NaN,
      raw: left(rows.map(({ raw }) => raw)),
      final: finals.length === 0 ? NaN : left(finals),
    },
    stages: null,
    curve: {
      vocabularySize: ranks,
      ranks: Float64Array.from(ranked, ({ rank }) => rank),
      raw: Float64Array.from(ranked, ({ raw }) => raw),
      final: Float64Array.from(ranked, ({ final }) => (Number.isNaN(final) ? 0 : final)),
    },
    cuts: [],
    ...figures,
    u: null,
  };
}
