/** The JSON of `npm run headless -- --json`. Logprobs are raw, before any stage of the chain, in nats. */
import type { EngineDescription, ModelInfo, StepCounters, TokenId } from '../../src/engines/contract.ts';
import type { BranchResult, RunResult, StepRecord, VoteShare } from '../../src/decoding/events.ts';
import type { RederivedOutput } from './questions.ts';
import type { RunRecorder } from './recorder.ts';
import type { TokenLogprob, TokenScore } from './scores.ts';

interface CompletionToken {
  readonly id: TokenId;
  readonly text: string;
  readonly logprob: number;
  readonly rank: number;
  readonly entropy: number;
  /** After the whole chain; null if the chain removed the token (JSON has no −∞). */
  readonly finalLogprob: number | null;
  readonly top: readonly TokenLogprob[];
}

interface Completion {
  readonly text: string;
  readonly tokens: readonly CompletionToken[];
  readonly stop: BranchResult['reason'];
  readonly averageLogprob: number;
  readonly perplexity: number;
  readonly score: number | null;
  readonly valid: boolean | null;
  readonly answer: string | null;
}

export interface HeadlessOutput {
  readonly model: ModelInfo;
  readonly engine: EngineDescription;
  readonly prompt: {
    readonly tokens: readonly TokenId[];
    /** `logprobs[i]` is for token i and the distribution before it; null for the first, which nothing predicts. */
    readonly logprobs?: readonly (TokenScore | null)[];
  };
  /** The winner if the strategy has one, else the first branch. */
  readonly completion: Completion;
  /** Every branch from best to worst, if there are several. */
  readonly completions?: readonly (Completion & { readonly lane: number })[];
  readonly votes?: readonly VoteShare[];
  /** One per --rederive, in order. */
  readonly rederived?: readonly RederivedOutput[];
  readonly timing: RunResult['timing'] & {
    readonly loadMs: number;
    readonly prefillTokensPerSecond: number;
    readonly decodeTokensPerSecond: number;
  };
  /** Per forward pass from the third token on; null for shorter runs. */
  readonly counters: StepCounters | null;
}

/** @returns the branch that `completion` shows */
export function shownBranch({ winner, ranking, branches }: RunResult): BranchResult {
  const id = winner ?? ranking[0];
  return branches.find(({ branch }) => branch === id) ?? branches[0]!;
}

function completionToken(record: StepRecord): CompletionToken {
  const { token, piece, rawLogprob, finalLogprob, rank, entropy, top } = record;
  return {
    id: token,
    text: piece,
    logprob: rawLogprob,
    rank,
    entropy,
    finalLogprob: Number.isFinite(finalLogprob) ? finalLogprob : null,
    top: Array.from(top?.tokens ?? [], (id, i): TokenLogprob => [id, top!.rawLogprobs[i]!]),
  };
}

function completion(branch: BranchResult, recorder: RunRecorder): Completion {
  const { text, reason, averageLogprob, perplexity, score, valid, answer } = branch;
  const tokens = recorder.recordsOf(branch.branch).map(completionToken);
  return { text, tokens, stop: reason, averageLogprob, perplexity, score, valid, answer };
}

export interface OutputParts {
  readonly model: ModelInfo;
  readonly engine: EngineDescription;
  readonly promptTokens: readonly TokenId[];
  readonly promptScores: readonly (TokenScore | null)[] | null;
  readonly result: RunResult;
  readonly recorder: RunRecorder;
  readonly rederived: readonly RederivedOutput[];
  readonly loadMs: number;
  readonly counters: StepCounters | null;
}

export function buildOutput(parts: OutputParts): HeadlessOutput {
  const { result, recorder, promptScores } = parts;
  const { branches, ranking, votes, timing } = result;
  const ranked = ranking.flatMap((id) => branches.filter(({ branch }) => branch === id));
  return {
    model: parts.model,
    engine: parts.engine,
    prompt: { tokens: parts.promptTokens, ...(promptScores === null ? {} : { logprobs: promptScores }) },
    completion: completion(shownBranch(result), recorder),
    ...(branches.length > 1
      ? { completions: ranked.map((branch) => ({ lane: branch.lane, ...completion(branch, recorder) })) }
      : {}),
    ...(votes.length > 0 ? { votes } : {}),
    ...(parts.rederived.length > 0 ? { rederived: parts.rederived } : {}),
    timing: {
      ...timing,
      loadMs: parts.loadMs,
      prefillTokensPerSecond: perSecond(timing.promptTokens - timing.reusedTokens, timing.prefillMs),
      decodeTokensPerSecond: perSecond(timing.tokens, timing.decodeMs),
    },
    counters: parts.counters,
  };
}

function perSecond(count: number, milliseconds: number): number {
  return milliseconds > 0 ? (count / milliseconds) * 1000 : 0;
}
