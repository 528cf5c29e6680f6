/** A record's text as this machine computes it: the record's token ids and settings, and nothing else of it. */
import type { StopReason } from '../../decoding/events.ts';
import type { ReplayedLine } from '../../worker/api/worker_api.ts';
import { eachNumber } from '../texts/token_numbers.ts';
import { recordedNats } from './bounds.ts';
import type { DocumentCandidate, DocumentLine, DocumentToken } from './document.ts';

export interface End {
  readonly reason: StopReason;
  /** UTF-16 units of output that are shown. */
  readonly visible: number;
}

/** @param end as `endOf` says, or the run that made it again */
export function computedLine(line: DocumentLine, here: ReplayedLine, end: End): DocumentLine {
  const { promptLength, byHand } = line;
  return {
    ...line,
    ...end,
    // What the chain draws here anyway, nobody need have chosen.
    byHand: byHand.filter((output) => here.drawn[output] !== here.texts[promptLength + output]?.token),
    tokens: here.texts.map((_, position) => computedToken(here, position, promptLength)),
  };
}

function computedToken(here: ReplayedLine, position: number, promptLength: number): DocumentToken {
  const { token: id, piece: text, label, kind } = here.texts[position]!;
  const output = position - promptLength;
  const of = (column: Float64Array | undefined, at: number): number | null =>
    recordedNats(column?.[at] ?? NaN);
  if (output < 0) {
    const rawLogprob = of(here.prompt?.rawLogprob, position);
    return {
      ...{ id, text, label, kind },
      ...eachNumber(() => null),
      rawLogprob,
      // Within the prompt no chain has a say.
      finalLogprob: rawLogprob,
      rank: of(here.prompt?.rank, position),
      entropy: of(here.prompt?.entropy, position),
      top: [],
    };
  }
  const masked = of(here.masked, output);
  return {
    ...{ id, text, label, kind },
    ...eachNumber((name) => of(here[name], output)),
    ...(masked === null ? {} : { masked }),
    top: candidates(here, output),
  };
}

function candidates({ top, labels }: ReplayedLine, output: number): DocumentCandidate[] {
  return Array.from({ length: top.depth }, (_, index): DocumentCandidate => {
    const at = output * top.depth + index;
    const id = top.tokens[at]!;
    return {
      id,
      label: labels.get(id) ?? String(id),
      rawLogprob: recordedNats(top.rawLogprob[at]!) ?? -Infinity,
      finalLogprob: recordedNats(top.finalLogprob[at]!),
    };
  });
}

/**
 * How a text that was run by itself ended, as far as it can be told: a run that met its limit and one that was stopped leave the same
 * tokens.
 */
export function endOf(
  { texts, ended }: ReplayedLine,
  promptLength: number,
  limits: { readonly stop: readonly string[]; readonly maxTokens: number; readonly contextLength: number },
): End {
  const pieces = texts.slice(promptLength).map(({ piece }) => piece);
  const output = pieces.join('');
  const before = output.length - (pieces.at(-1)?.length ?? 0);
  const found = limits.stop
    .filter((sequence) => sequence !== '')
    .map((sequence) => output.indexOf(sequence, Math.max(0, before - sequence.length + 1)))
    .filter((at) => at >= 0);
  if (ended) return { reason: 'end-of-generation', visible: output.length };
  if (found.length > 0) return { reason: 'stop-sequence', visible: Math.min(...found) };
  const visible = output.length;
  if (texts.length >= limits.contextLength) return { reason: 'context-full', visible };
  return { reason: pieces.length === limits.maxTokens ? 'max-tokens' : 'stopped', visible };
}
