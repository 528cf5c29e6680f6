/** From a text to a line of a record. */
import type { LineEvidence } from '../../worker/api/worker_api.ts';
import { allTokens, drawnBy, type Line, type TokenView } from '../texts/line.ts';
import { eachNumber } from '../texts/token_numbers.ts';
import { recordedNats } from './bounds.ts';
import type { DocumentCandidate, DocumentLine, DocumentToken, RunRecord } from './document.ts';

/** What is known of each position's candidates, from the worker or from an earlier record. */
export interface Known {
  readonly top: (position: number) => readonly DocumentCandidate[];
  readonly byHand: readonly number[];
  readonly stream: number;
}

export function fromEvidence(evidence: LineEvidence, promptLength: number): Known {
  const { depth, tokens, rawLogprob, finalLogprob, labels, byHand, stream } = evidence;
  const top = (position: number): readonly DocumentCandidate[] => {
    const from = (position - promptLength) * depth;
    if (position < promptLength) return [];
    return Array.from(tokens.subarray(from, from + depth), (id, index) => ({
      id,
      label: labels.get(id) ?? String(id),
      rawLogprob: recordedNats(rawLogprob[from + index]!),
      finalLogprob: recordedNats(finalLogprob[from + index]!),
    })).filter((candidate): candidate is DocumentCandidate => candidate.rawLogprob !== null);
  };
  return { top, byHand, stream };
}

/** @param strategy of the record; null where the whole line is its comparison's */
export function documentLine(
  line: Line,
  lines: readonly Line[],
  known: Known,
  strategy: RunRecord['strategy'] | null,
): DocumentLine {
  const drawn = drawnBy(line);
  const plain = strategy === null || (drawn.length === 1 && drawn[0]!.strategy === strategy);
  const parent = lines.findIndex(({ id }) => id === line.parent);
  const outputs = line.length - line.promptLength;
  return {
    name: line.name,
    lane: line.lane,
    parent: parent < 0 ? null : parent,
    forkedAt: parent < 0 ? null : line.forkedAt,
    params: line.params,
    drawn: plain ? [] : drawn,
    stream: known.stream,
    byHand: known.byHand.filter((output) => output < outputs),
    promptLength: line.promptLength,
    visible: line.visible,
    // A record of a text that still grows is a record of a stopped one.
    reason: line.reason ?? 'stopped',
    tokens: allTokens(line).map((token, position) =>
      // No chain had candidates within the prompt.
      documentToken(token, position < line.promptLength ? [] : known.top(position)),
    ),
  };
}

function documentToken(token: TokenView, top: readonly DocumentCandidate[]): DocumentToken {
  return {
    id: token.token,
    text: token.piece,
    label: token.label,
    kind: token.kind,
    ...eachNumber((name) => recordedNats(token[name])),
    ...(token.masked === undefined ? {} : { masked: token.masked }),
    top,
  };
}
