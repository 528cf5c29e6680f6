import { partialRow, partialView } from '../../worker/api/partial_view.ts';
import type { StepView } from '../../worker/api/views.ts';
import { chunked, type Drawn, type PageText, type TokenView } from '../texts/text.ts';
import type { Recorded } from '../texts/recorded.ts';
import { eachNumber } from '../texts/token_numbers.ts';
import type { DocumentText, DocumentToken, RunRecord } from './document.ts';

/** Converts a record's text to one of the page. @param strategy what drew the parts of which the record says nothing */
export function pageTextOf(
  text: DocumentText,
  id: number,
  parent: number | null,
  strategy: RunRecord['strategy'],
): PageText {
  let units = 0;
  const tokens = text.tokens.map((token, position): TokenView => {
    const start = position < text.promptLength ? -1 : units;
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
    name: text.name,
    lane: text.lane,
    parent,
    forkedAt: parent === null ? null : text.forkedAt,
    params: text.params,
    ...drawnOf(text, strategy),
    stream: text.stream,
    chunks: chunked(tokens),
    length: tokens.length,
    promptLength: text.promptLength,
    visible: Math.min(text.visible, units),
    outputUnits: units,
    reason: text.reason,
  };
}

function drawnOf(
  { drawn, promptLength, params }: DocumentText,
  strategy: Drawn['strategy'],
): { drawn?: readonly Drawn[] } {
  if (drawn.length > 0) return { drawn };
  return strategy === 'sample' ? {} : { drawn: [{ from: promptLength, params, strategy }] };
}

/** What a text on the page keeps of its record. */
export function recordedOf(
  { tokens, byHand }: DocumentText,
  { model, engine }: RunRecord,
): Pick<Recorded, 'model' | 'engine' | 'byHand' | 'top' | 'view'> {
  return {
    ...{ model, engine, byHand },
    top: (position) => tokens[position]?.top ?? [],
    view: (position) => recordedStep(tokens[position], model.vocabularySize),
  };
}

/** @returns null where nothing was recorded, as at the prompt's first position */
export function recordedStep(token: DocumentToken | undefined, vocabularySize: number): StepView | null {
  if (!token || (token.top.length === 0 && token.rawLogprob === null)) return null;
  const { id, label, rank, rawLogprob, finalLogprob, kept } = token;
  // Where the number of kept candidates is unknown, a server sampled, and it does not say which candidates it removed.
  const removed = kept === null ? NaN : null;
  const ranked = token.top.map((one, index) =>
    partialRow(one.id, one.label, index + 1, one.rawLogprob, one.finalLogprob ?? removed),
  );
  const listed = rawLogprob === null || ranked.some((row) => row.token === id);
  // The token was drawn, so nothing removed it: an answer from elsewhere does not say what sampling made of it.
  const own = listed ? [] : [partialRow(id, label, rank ?? NaN, rawLogprob, finalLogprob ?? NaN)];
  const rows = [...ranked, ...own];
  const known = {
    chosen: id,
    vocabularySize,
    ranks: Math.max(vocabularySize, rows.length),
    entropyRaw: token.entropy ?? NaN,
    entropyFinal: token.finalEntropy ?? NaN,
    kept: kept ?? NaN,
  };
  return partialView(known, rows, ranked);
}
