/** What a text from a record brings with it: its writer and its numbers. */
import type { EngineKind, TokenId } from '../../engines/contract.ts';
import type { TextId } from '../../worker/api/worker_api.ts';
import type { StepView } from '../../worker/api/views.ts';

/** The model that wrote a text. A model with another name or size is another model. */
export interface RecordedModel {
  readonly name: string;
  readonly fileSize: number;
  readonly vocabularySize: number;
}

export interface DocumentEngine {
  readonly kind: EngineKind | 'unknown';
  readonly adapter: string;
  /** How it computes (`engines/numerics.ts`); absent if it is unknown. */
  readonly numerics?: string;
}

/** A likely candidate of a step. Logprobs are in nats. */
export interface RecordedCandidate {
  readonly id: TokenId;
  readonly label: string;
  readonly rawLogprob: number;
  /** Null if the chain removed it, or if it is unknown. */
  readonly finalLogprob: number | null;
}

/** The origin of a text that the loaded model did not write, as far as is known yet. */
export interface Recorded {
  readonly text: TextId;
  /** `page`: the page's opening run, or a card of Learn. `kept`: made here before a reload. `imported`: from another program. */
  readonly origin: 'page' | 'kept' | 'link' | 'file' | 'imported';
  readonly model: RecordedModel;
  /** The engine that ran it, if the record has it. */
  readonly engine?: DocumentEngine;
  readonly stream: number;
  /** Output indices whose token was chosen by hand. */
  readonly byHand: readonly number[];
  /** The recorded candidates of a position, best first. */
  readonly top: (position: number) => readonly RecordedCandidate[];
  /** The recorded step at a position; null if there is none. */
  readonly view: (position: number) => StepView | null;
  /**
   * `recorded`: charts show recorded numbers. `live`: its model is loaded and computes the charts. `reproduced` and `differs` also
   * say whether this machine draws the same tokens.
   */
  readonly state: 'recorded' | 'live' | 'reproduced' | 'differs';
}
