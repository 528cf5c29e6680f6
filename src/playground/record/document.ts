/**
 * A run, or several side by side, as it is kept, exported and sent: texts with their numbers, and what is needed to run them
 * again. docs/links-and-files.md describes the JSON for other programs. Logprobs and entropies are in nats; null where a position
 * has none.
 */
import type { RunTiming, StopConditions, StopReason, Strategy } from '../../decoding/events.ts';
import type { KvUsage, TokenId, TokenKind } from '../../engines/contract.ts';
import type { SamplingParams } from '../../sampling/params.ts';
import type { Drawn } from '../texts/line.ts';
import type { DocumentEngine } from '../texts/recorded.ts';
import type { LanePatch, Settings } from '../settings.ts';
import type { TokenNumbers } from '../texts/token_numbers.ts';

export const documentFormat = 'logitscope-run';
export const documentVersion = 2;
/** Its checksum is over the token ids alone. */
export const firstVersion = 1;

export interface DocumentCandidate {
  readonly id: TokenId;
  readonly label: string;
  /** Before every stage. */
  readonly rawLogprob: number;
  /** After the whole chain; null where the chain removed it, or where `kept` is null: then nobody told. */
  readonly finalLogprob: number | null;
}

/** Numbers are null where a position has none. */
export interface DocumentToken extends TokenNumbers<number | null> {
  readonly id: TokenId;
  /** Text that became whole UTF-8 with this token; the texts of all tokens together are the text. */
  readonly text: string;
  /** The token's own bytes as they are shown. */
  readonly label: string;
  readonly kind: TokenKind;
  /** Share of the mass that a grammar removed; absent where none had a say. */
  readonly masked?: number | null;
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
  /** Of the newest tokens. */
  readonly params: SamplingParams;
  /** What drew the tokens, where it was not `params` and the record's strategy throughout; by position. */
  readonly drawn: readonly Drawn[];
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

/** How a strategy judged one branch; null where it does not judge by that. */
export interface DocumentJudgement {
  readonly score: number | null;
  readonly valid: boolean | null;
  readonly answer: string | null;
}

/** What a run of several texts came to. Texts are named by their index in the record. */
export interface DocumentOutcome {
  readonly winner: number | null;
  /** Best first; only texts that the record has. */
  readonly ranking: readonly number[];
  /** Most votes first. */
  readonly votes: readonly { readonly answer: string; readonly branches: readonly number[] }[];
  /** One for each text. */
  readonly judgements: readonly DocumentJudgement[];
  readonly timing: RunTiming;
}

/** Texts that were run together: lanes, or what a strategy made of one setting. */
export interface DocumentComparison {
  readonly strategy: Strategy;
  /** What the lanes have in common. */
  readonly params: SamplingParams;
  /** What each lane changes in it; empty for the branches of a strategy. */
  readonly lanes: readonly LanePatch[];
  readonly sharedLuck: boolean;
  readonly stop: StopConditions;
  /** The most KV pages in use at once. */
  readonly usage: KvUsage | null;
  /** Null for a run that was not there at its end. */
  readonly outcome: DocumentOutcome | null;
  /** Beside a beam search: what the best token at each step comes to. */
  readonly greedy: {
    readonly text: string;
    readonly tokens: readonly TokenId[];
    readonly totalLogprob: number;
  } | null;
}

/** What a record is, apart from the settings that stand beside it in a link. */
export interface RunRecord {
  readonly model: DocumentModel;
  readonly engine: DocumentEngine;
  readonly strategy: Strategy['kind'];
  readonly lines: readonly DocumentLine[];
  /** Null for texts that were run one by one. */
  readonly comparison: DocumentComparison | null;
  /** Index of the line on view. */
  readonly current: number;
  /** The position held, if one was. */
  readonly selected: number | null;
}

/** A record with the settings that it was run with, as the browser keeps it. */
export interface KeptDocument extends RunRecord {
  readonly format: typeof documentFormat;
  readonly version: typeof firstVersion | typeof documentVersion;
  readonly title: string;
  /** ISO 8601. */
  readonly savedAt: string;
  readonly settings: Settings;
}

/** The same as a file. */
export interface RunDocument extends KeptDocument {
  /** CRC-32 over everything else, see `checksum.ts`. */
  readonly checksum: string;
}
