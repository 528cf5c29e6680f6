/**
 * A run that was recorded earlier and is shown before any model is there. Made by `scripts/make_recording.ts` from a real
 * run of the embedded model; numbers are rounded to six digits.
 */
import type { StopReason } from '../decoding/events.ts';
import type { SamplingParams } from '../sampling/params.ts';
import type { TokenText } from '../worker/api/worker_api.ts';
import type { RankCurve, StepView } from '../worker/api/views.ts';
import type { RecordedModel } from './texts/recorded.ts';
import { chunked, type Line, type TokenView } from './texts/line.ts';

/** A view as JSON keeps it: plain arrays in place of typed ones. */
export type RecordedView = Omit<StepView, 'curve'> & {
  readonly curve: {
    readonly vocabularySize: number;
    readonly ranks: readonly number[];
    readonly raw: readonly number[];
    readonly final: readonly number[];
  };
};

/** One token with its numbers; null where a position has none. */
export interface RecordedToken extends TokenText {
  readonly rawLogprob: number | null;
  readonly finalLogprob: number | null;
  readonly rank: number | null;
  readonly entropy: number | null;
  readonly finalEntropy: number | null;
  readonly kept: number | null;
}

export interface Recording {
  readonly version: 1;
  readonly model: RecordedModel;
  readonly params: SamplingParams;
  readonly prompt: readonly RecordedToken[];
  readonly output: readonly RecordedToken[];
  /** One for each output token. */
  readonly views: readonly RecordedView[];
  readonly reason: StopReason;
  /** Index of the output token to open with: one where much was possible. */
  readonly highlight: number;
}

/** @throws TypeError for anything but a recording of this version */
export function checkRecording(value: unknown): Recording {
  const found = value as Partial<Recording> | null;
  if (found?.version !== 1 || !Array.isArray(found.output) || found.views?.length !== found.output.length) {
    throw new TypeError('This is not a recording of version 1.');
  }
  return found as Recording;
}

export function recordedLine(recording: Recording, id: number): Line {
  let units = 0;
  const view = (token: RecordedToken, output: boolean): TokenView => {
    const start = output ? units : -1;
    if (output) units += token.piece.length;
    const { rawLogprob, finalLogprob, rank, entropy, finalEntropy, kept, ...text } = token;
    return {
      ...text,
      rawLogprob: rawLogprob ?? NaN,
      finalLogprob: finalLogprob ?? NaN,
      rank: rank ?? NaN,
      entropy: entropy ?? NaN,
      finalEntropy: finalEntropy ?? NaN,
      kept: kept ?? NaN,
      start,
    };
  };
  const tokens = [
    ...recording.prompt.map((token) => view(token, false)),
    ...recording.output.map((token) => view(token, true)),
  ];
  return {
    id,
    name: 'recorded',
    lane: 0,
    parent: null,
    forkedAt: null,
    params: recording.params,
    chunks: chunked(tokens),
    length: tokens.length,
    promptLength: recording.prompt.length,
    visible: units,
    outputUnits: units,
    reason: recording.reason,
  };
}

/** The recorded distribution of a position, or null for the prompt and for what follows the end. */
export function recordedView(recording: Recording, position: number): StepView | null {
  const view = recording.views[position - recording.prompt.length];
  if (!view) return null;
  const curve: RankCurve = {
    vocabularySize: view.curve.vocabularySize,
    ranks: Float64Array.from(view.curve.ranks),
    raw: Float64Array.from(view.curve.raw),
    final: Float64Array.from(view.curve.final),
  };
  return { ...view, curve };
}
