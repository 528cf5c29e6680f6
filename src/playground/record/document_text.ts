/** Converts a text of the page to one of a record. */
import type { TokenNumbers } from '../../sampling/token_numbers.ts';
import type { TextEvidence, TokenText, TopCandidates } from '../../worker/api/worker_api.ts';
import { allTokens, drawnBy, type PageText } from '../texts/text.ts';
import { eachNumber, type NumberName } from '../texts/token_numbers.ts';
import { recordedNats } from './bounds.ts';
import type { DocumentCandidate, DocumentText, DocumentToken, RunRecord } from './document.ts';

/** Candidates of each position, from the worker or from an earlier record. */
export interface Known {
  readonly top: (position: number) => readonly DocumentCandidate[];
  readonly byHand: readonly number[];
  readonly stream: number;
}

export function fromEvidence(evidence: TextEvidence, promptLength: number): Known {
  const { byHand, stream } = evidence;
  const top = (position: number): readonly DocumentCandidate[] =>
    candidatesOf(evidence, position - promptLength);
  return { top, byHand, stream };
}

/** @returns none for a negative output, which is in the prompt */
export function candidatesOf(
  { depth, tokens, rawLogprob, finalLogprob, labels }: TopCandidates,
  output: number,
): DocumentCandidate[] {
  const from = output * depth;
  if (output < 0) return [];
  return Array.from(tokens.subarray(from, from + depth), (id, index) => ({
    id,
    label: labels.get(id) ?? String(id),
    rawLogprob: recordedNats(rawLogprob[from + index]!),
    finalLogprob: recordedNats(finalLogprob[from + index]!),
  })).filter((candidate): candidate is DocumentCandidate => candidate.rawLogprob !== null);
}

/** @param strategy of the record; null if the text belongs to a comparison */
export function documentText(
  text: PageText,
  texts: readonly PageText[],
  known: Known,
  strategy: RunRecord['strategy'] | null,
): DocumentText {
  const drawn = drawnBy(text);
  const plain = strategy === null || (drawn.length === 1 && drawn[0]!.strategy === strategy);
  const parent = texts.findIndex(({ id }) => id === text.parent);
  const outputs = text.length - text.promptLength;
  return {
    name: text.name,
    lane: text.lane,
    parent: parent < 0 ? null : parent,
    forkedAt: parent < 0 ? null : text.forkedAt,
    params: text.params,
    drawn: plain ? [] : drawn,
    stream: known.stream,
    byHand: known.byHand.filter((output) => output < outputs),
    promptLength: text.promptLength,
    visible: text.visible,
    // A text that still grows is recorded as stopped.
    reason: text.reason ?? 'stopped',
    tokens: allTokens(text).map((token, position) =>
      // The prompt has no candidates.
      documentToken(token, token, position < text.promptLength ? [] : known.top(position)),
    ),
  };
}

export function documentToken(
  { token: id, piece: text, label, kind }: TokenText,
  numbers: TokenNumbers<number | null>,
  top: readonly DocumentCandidate[],
): DocumentToken {
  return { id, text, label, kind, ...recordedNumbers((name) => recordedNats(numbers[name] ?? NaN)), top };
}

/** @param value of each number; null for `masked` leaves it out */
export function recordedNumbers(value: (name: NumberName) => number | null): Pick<DocumentToken, NumberName> {
  const { masked, ...known } = eachNumber(value);
  return masked === null ? known : { ...known, masked };
}
