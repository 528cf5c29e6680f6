/**
 * The input of a run, its events, and its result. All of it is plain data that survives a structured clone: it crosses the worker,
 * is stored, and travels in links.
 */
import type { TokenId } from '../engines/contract.ts';
import type { SamplingParams } from '../sampling/params.ts';
import type { RawNumbers, TokenNumbers } from '../sampling/token_numbers.ts';
import type { StageSummary } from '../sampling/trace.ts';

/** One text in a run: a lane, one of N samples, or a beam. Unique within its run, never reused. */
export type BranchId = number;

export interface LaneSpec {
  readonly params: SamplingParams;
  /** The generator's stream: lanes with equal seed and stream get equal random numbers. Default 0; N samples use 0 … N−1. */
  readonly stream?: number;
  /**
   * Tokens that follow the run's prompt in this lane only (to continue a text, or to branch by hand). They count as output in
   * `tokens`, `text` and `visible`, but not in `maxTokens` or in the scores.
   */
  readonly prefix?: readonly TokenId[];
}

/** When an output counts as valid. Applied to the whole output text. */
export type Verifier =
  | { readonly kind: 'regex'; readonly pattern: string; readonly flags?: string }
  | { readonly kind: 'json' }
  | { readonly kind: 'length'; readonly min?: number; readonly max?: number };

/** How the samples of best-of-N are ranked, best first. A verifier ranks valid before invalid, then by average logprob. */
export type BestOfScore =
  | { readonly kind: 'average-logprob' }
  | { readonly kind: 'shortest' }
  | { readonly kind: 'longest' }
  | { readonly kind: 'verifier'; readonly verifier: Verifier };

/**
 * How the vote takes an answer from a sample. A regular expression gives its first group, or its whole match. With `fold`, answers
 * that differ only in case or white space are one; without it they are counted as they are written.
 */
export type AnswerExtractor =
  | { readonly kind: 'last-number' }
  | { readonly kind: 'regex'; readonly pattern: string; readonly flags?: string; readonly fold?: true }
  | { readonly kind: 'whole-text' };

export type Strategy =
  /** Each lane draws from its chain. */
  | { readonly kind: 'sample' }
  /** Each lane takes the most likely token that its chain leaves, without randomness, as if u were 0. */
  | { readonly kind: 'greedy' }
  /**
   * One lane. Score = total raw logprob / length^lengthPenalty; 0 gives the sum, 1 the average. Beams grow over the tokens that the
   * lane's chain leaves, without the stages that heat or pick: temperature, XTC, mirostat and adaptive-p.
   */
  | { readonly kind: 'beam'; readonly width: number; readonly lengthPenalty: number }
  /** One lane, sampled n times on different streams. */
  | { readonly kind: 'best-of-n'; readonly n: number; readonly score: BestOfScore }
  | { readonly kind: 'majority-vote'; readonly n: number; readonly extractor: AnswerExtractor }
  | { readonly kind: 'first-valid'; readonly n: number; readonly verifier: Verifier };

export interface StopConditions {
  /** Maximum of output tokens per branch. */
  readonly maxTokens: number;
  /** The output ends before the first of these texts. */
  readonly sequences: readonly string[];
  /** Continue past end-of-generation tokens; default false. */
  readonly ignoreEndOfGeneration?: boolean;
}

export interface RunSpec {
  /** At least one token. */
  readonly prompt: readonly TokenId[];
  readonly strategy: Strategy;
  /** One or more, all over the same prompt, advancing as one batch. */
  readonly lanes: readonly LaneSpec[];
  readonly stop: StopConditions;
  /** Also score the prompt's tokens (needs `promptLogprobs`). */
  readonly scorePrompt?: boolean;
  /** Add this many of the most likely raw candidates to each record; default 0. */
  readonly topCandidates?: number;
}

/** The most likely raw candidates of one step, best first. */
export interface TopCandidates {
  readonly tokens: Uint32Array;
  readonly rawLogprobs: Float32Array;
  /** −∞ where the chain removed the candidate. */
  readonly finalLogprobs: Float32Array;
}

/** One token of output and its numbers. */
export interface StepRecord extends TokenNumbers {
  readonly branch: BranchId;
  /** Index in the whole sequence, prompt included. */
  readonly position: number;
  readonly token: TokenId;
  /** Text that this token completed to whole UTF-8. Show it only as far as `visible` reaches. */
  readonly piece: string;
  /** UTF-16 units of this branch's output that may be shown: a text that may become a stop sequence is held back. */
  readonly visible: number;
  /** The uniform number; null where nothing was drawn (greedy, beam). */
  readonly u: number | null;
  readonly stages: readonly StageSummary[];
  readonly top?: TopCandidates;
}

/** A prompt token's numbers. The first token has none, because nothing predicts it. */
export interface PromptRecord extends RawNumbers<number | null> {
  readonly position: number;
  readonly token: TokenId;
}

export type StopReason =
  | 'end-of-generation'
  | 'max-tokens'
  | 'stop-sequence'
  | 'context-full'
  /** The user stopped the run. */
  | 'stopped'
  /** Another sample was valid first. */
  | 'lost-race'
  /** A better beam took its place. */
  | 'pruned'
  /** The model or the chain failed; the run's error says how. */
  | 'error';

export interface BranchStart {
  readonly branch: BranchId;
  readonly lane: number;
  /** Null for branches that begin at the prompt. */
  readonly parent: BranchId | null;
  /** Output tokens shared with the parent. */
  readonly shared: number;
}

export type RunEvent =
  | { readonly type: 'prefill'; readonly done: number; readonly total: number }
  | { readonly type: 'prompt'; readonly records: readonly PromptRecord[] }
  | { readonly type: 'branches'; readonly started: readonly BranchStart[] }
  /** One forward pass: a record per branch that took part in it. */
  | { readonly type: 'step'; readonly records: readonly StepRecord[] }
  | { readonly type: 'branch-end'; readonly result: BranchResult }
  /** Beam search only: the score of every living beam after a step. */
  | {
      readonly type: 'beams';
      readonly scores: readonly { readonly branch: BranchId; readonly score: number }[];
    }
  | { readonly type: 'end'; readonly result: RunResult };

export interface BranchResult {
  readonly branch: BranchId;
  readonly lane: number;
  readonly parent: BranchId | null;
  readonly shared: number;
  /** All output tokens since the prompt, including those shared with the parent and the one that ended the branch. */
  readonly tokens: readonly TokenId[];
  /** Output text without stop sequence and without control tokens. */
  readonly text: string;
  readonly reason: StopReason;
  /** The stop sequence that ended it, or null. */
  readonly stopSequence: string | null;
  /** Number of tokens of the lane's `prefix` at the beginning of `tokens`. */
  readonly prefix: number;
  /** Sum and mean of raw logprobs over `tokens` without the prefix. */
  readonly totalLogprob: number;
  readonly averageLogprob: number;
  readonly perplexity: number;
  /** Best of N: the value that it was ranked by. Beam: its normalised score. */
  readonly score: number | null;
  /** The verifier's verdict; null without a verifier. */
  readonly valid: boolean | null;
  /** Majority vote: the extracted answer; null when there was none. */
  readonly answer: string | null;
}

export interface VoteShare {
  readonly answer: string;
  readonly votes: number;
  /** votes / samples with an answer. */
  readonly share: number;
  readonly branches: readonly BranchId[];
}

export interface RunTiming {
  /** Tokens that were read before the first draw: the prompt, and the prefix of each continued lane. */
  readonly promptTokens: number;
  readonly reusedTokens: number;
  readonly prefillMs: number;
  /** Forward passes after the prefill, the tokens that they produced, and their time (sampling included). */
  readonly steps: number;
  readonly tokens: number;
  readonly decodeMs: number;
  /** Time in the sampler, part of `decodeMs`. */
  readonly samplingMs: number;
}

export interface RunResult {
  /** All branches, in order of their ids; pruned beams included. */
  readonly branches: readonly BranchResult[];
  /** Best of N, vote, first valid, beam: the branch that represents the run, null if none was valid. Null for the others. */
  readonly winner: BranchId | null;
  /** Branches from best to worst if the strategy ranks them, else in order of ids. */
  readonly ranking: readonly BranchId[];
  /** Majority vote only, most votes first. */
  readonly votes: readonly VoteShare[];
  readonly timing: RunTiming;
  /** Set if a failure ended the run; everything before it is kept. */
  readonly error: { readonly code: string; readonly message: string } | null;
}
