/** What a text from a record brings with it: what wrote it, and its numbers. */
import type { EngineKind, TokenId } from '../../engines/contract.ts';
import type { LineId } from '../../worker/api/worker_api.ts';
import type { StepView } from '../../worker/api/views.ts';

/** Which model wrote a text: one of another name or size is another model. */
export interface RecordedModel {
  readonly name: string;
  readonly fileSize: number;
  readonly vocabularySize: number;
}

export interface DocumentEngine {
  readonly kind: EngineKind | 'unknown';
  readonly adapter: string;
  /** How it computes (`engines/numerics.ts`); absent in records from before it was said. */
  readonly numerics?: string;
}

/** A likely candidate of a step. Logprobs are in nats. */
export interface RecordedCandidate {
  readonly id: TokenId;
  readonly label: string;
  readonly rawLogprob: number;
  /** Null where the chain removed it, or where nobody told. */
  readonly finalLogprob: number | null;
}

/** A text on the page that was not made by the model that is loaded here, as far as anybody knows yet. */
export interface Recorded {
  readonly line: LineId;
  /** `page`: came with it. `kept`: made here before a reload. `imported`: from another program, and never run here. */
  readonly origin: 'page' | 'kept' | 'link' | 'file' | 'imported';
  readonly model: RecordedModel;
  /** What ran it, where the record says so. */
  readonly engine?: DocumentEngine;
  readonly stream: number;
  /** Output indices whose token was chosen by hand. */
  readonly byHand: readonly number[];
  /** The recorded candidates of a position, best first. */
  readonly top: (position: number) => readonly RecordedCandidate[];
  /** What was recorded of a position; null where nothing was. */
  readonly view: (position: number) => StepView | null;
  /**
   * `recorded`: charts show what was recorded. `live`: its model is here, and charts are computed anew. Else also whether this
   * machine, asked again, draws the same tokens.
   */
  readonly state: 'recorded' | 'live' | 'reproduced' | 'differs';
}
