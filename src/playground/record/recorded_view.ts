import type { StepView } from '../../worker/api/views.ts';
import { chunked, type Drawn, type Line, type TokenView } from '../texts/line.ts';
import { eachNumber } from '../texts/token_numbers.ts';
import type { DocumentLine, DocumentToken, RunRecord } from './document.ts';

/** The line of a record as the page holds it. @param strategy of what the line does not say itself */
export function lineOf(
  line: DocumentLine,
  id: number,
  parent: number | null,
  strategy: RunRecord['strategy'],
): Line {
  let units = 0;
  const tokens = line.tokens.map((token, position): TokenView => {
    const start = position < line.promptLength ? -1 : units;
    if (start >= 0) units += token.text.length;
    return {
      token: token.id,
      piece: token.text,
      label: token.label,
      kind: token.kind,
      ...eachNumber((name) => token[name] ?? NaN),
      start,
    };
  });
  return {
    id,
    name: line.name,
    lane: line.lane,
    parent,
    forkedAt: parent === null ? null : line.forkedAt,
    params: line.params,
    ...drawnOf(line, strategy),
    stream: line.stream,
    chunks: chunked(tokens),
    length: tokens.length,
    promptLength: line.promptLength,
    visible: Math.min(line.visible, units),
    outputUnits: units,
    reason: line.reason,
  };
}

function drawnOf(
  { drawn, promptLength, params }: DocumentLine,
  strategy: Drawn['strategy'],
): { drawn?: readonly Drawn[] } {
  if (drawn.length > 0) return { drawn };
  return strategy === 'sample' ? {} : { drawn: [{ from: promptLength, params, strategy }] };
}

/**
 * What a record knows of a step: its candidates, and nothing of the others but how much probability they held. Numbers that
 * were not recorded are NaN, which the page shows as a dash.
 * @returns null where nothing was recorded, as in the prompt's first position
 */
export function recordedStep(token: DocumentToken | undefined, vocabularySize: number): StepView | null {
  if (!token || (token.top.length === 0 && token.rawLogprob === null)) return null;
  // Where it is not known how many candidates the chain kept, a server sampled: it does not tell what was left of each.
  const told = (row: StepView['rows'][number]): StepView['rows'][number] =>
    token.kept === null && row.removedBy !== null ? { ...row, final: NaN, removedBy: null } : row;
  const rows = token.top.map((candidate, index) =>
    told(rowOf(candidate.id, candidate.label, candidate.rawLogprob, candidate.finalLogprob, index + 1)),
  );
  if (token.rawLogprob !== null && token.top.every(({ id }) => id !== token.id)) {
    const row = rowOf(token.id, token.label, token.rawLogprob, token.finalLogprob, token.rank ?? NaN);
    // It was drawn, so nothing removed it: an answer from elsewhere does not say what sampling made of it.
    rows.push(token.finalLogprob === null ? { ...row, final: NaN, removedBy: null } : row);
  }
  const sum = (pick: (row: StepView['rows'][number]) => number): number =>
    rows.reduce((total, row) => total + (Number.isNaN(pick(row)) ? 0 : pick(row)), 0);
  const listed = rows.slice(0, token.top.length);
  return {
    chosen: token.id,
    rows,
    rest: {
      count: vocabularySize > 0 ? Math.max(0, vocabularySize - rows.length) : NaN,
      raw: Math.max(0, 1 - sum((row) => row.raw)),
      final: rows.every(({ final }) => Number.isNaN(final)) ? NaN : Math.max(0, 1 - sum((row) => row.final)),
    },
    stages: null,
    curve: {
      vocabularySize: Math.max(vocabularySize, rows.length),
      ranks: Float64Array.from(listed, ({ rank }) => rank),
      raw: Float64Array.from(listed, ({ raw }) => raw),
      final: Float64Array.from(listed, ({ final }) => (Number.isNaN(final) ? 0 : final)),
    },
    cuts: [],
    entropyRaw: token.entropy ?? NaN,
    entropyFinal: token.finalEntropy ?? NaN,
    kept: token.kept ?? NaN,
    u: null,
  };
}

function rowOf(
  id: number,
  label: string,
  rawLogprob: number,
  finalLogprob: number | null,
  rank: number,
): StepView['rows'][number] {
  return {
    token: id,
    label,
    logit: NaN,
    raw: Math.exp(rawLogprob),
    rawLogprob,
    final: finalLogprob === null ? 0 : Math.exp(finalLogprob),
    rank,
    // Which stage removed it was not recorded, only that one did.
    removedBy: finalLogprob === null ? 'the chain' : null,
    missed: null,
  };
}
