/**
 * A run, or several side by side, as it is kept, exported and sent: texts with their numbers, and what is needed to run them
 * again. docs/run-document.md describes the JSON for other programs. Logprobs and entropies are in nats; null where a position
 * has none.
 */
import type { StopReason, Strategy } from '../../decoding/events.ts';
import type { EngineKind, TokenId, TokenKind } from '../../engines/contract.ts';
import type { SamplingParams } from '../../sampling/params.ts';
import type { Settings } from '../settings.ts';

export const documentFormat = 'logitscope-run';
export const documentVersion = 1;

export interface DocumentCandidate {
  readonly id: TokenId;
  readonly label: string;
  /** Before every stage. */
  readonly rawLogprob: number;
  /** After the whole chain; null where the chain removed it. */
  readonly finalLogprob: number | null;
}

export interface DocumentToken {
  readonly id: TokenId;
  /** Text that became whole UTF-8 with this token; the texts of all tokens together are the text. */
  readonly text: string;
  /** The token's own bytes as they are shown. */
  readonly label: string;
  readonly kind: TokenKind;
  readonly rawLogprob: number | null;
  readonly finalLogprob: number | null;
  /** Among the raw candidates; 1 is the most likely. */
  readonly rank: number | null;
  readonly entropy: number | null;
  readonly finalEntropy: number | null;
  /** Candidates that the chain left. */
  readonly kept: number | null;
  /** The likeliest raw candidates of this step, the likeliest first. */
  readonly top: readonly DocumentCandidate[];
}

export interface DocumentLine {
  readonly name: string;
  readonly lane: number;
  /** Index of the line that it branched from, always an earlier one; null for a line of its own. */
  readonly parent: number | null;
  /** Position of the first token that is not the parent's. */
  readonly forkedAt: number | null;
  readonly params: SamplingParams;
  readonly stream: number;
  /** Output indices whose token was chosen by hand. */
  readonly byHand: readonly number[];
  readonly promptLength: number;
  /** UTF-16 units of output that are shown: what follows is a stop sequence. */
  readonly visible: number;
  readonly reason: StopReason;
  /** Prompt and output. */
  readonly tokens: readonly DocumentToken[];
}

export interface DocumentModel {
  readonly name: string;
  /** Bytes. */
  readonly fileSize: number;
  readonly vocabularySize: number;
  /** Of the file, in hexadecimal; null where nobody computed it. */
  readonly sha256: string | null;
}

export interface DocumentEngine {
  readonly kind: EngineKind | 'unknown';
  readonly adapter: string;
}

/** What a record is, apart from the settings that stand beside it in a link. */
export interface RunRecord {
  readonly model: DocumentModel;
  readonly engine: DocumentEngine;
  readonly strategy: Strategy['kind'];
  readonly lines: readonly DocumentLine[];
  /** Index of the line on view. */
  readonly current: number;
  /** The position held, if one was. */
  readonly selected: number | null;
}

export interface RunDocument extends RunRecord {
  readonly format: typeof documentFormat;
  readonly version: typeof documentVersion;
  readonly title: string;
  /** ISO 8601. */
  readonly savedAt: string;
  readonly settings: Settings;
  /** CRC-32 over the token ids, see `checksum.ts`. */
  readonly checksum: string;
}
