/**
 * The typed boundary between the page and the worker. The worker holds the engine, the runs and every logit; the page
 * asks for what it draws. Everything here survives a structured clone, but for the callbacks: those stay with the caller, and
 * what they are told comes over the same port as the answer, before it (`transport.ts`).
 */
import type {
  ChatMessage,
  EngineDescription,
  KvUsage,
  LoadProgress,
  StepMeasure,
  TokenId,
  TokenKind,
} from '../../engines/contract.ts';
import type { ContinuationScore } from '../../decoding/continuation.ts';
import type { RunResult, StepRecord, StopConditions, StopReason, Strategy } from '../../decoding/events.ts';
import type { GrammarProblem } from '../../decoding/grammar/problem.ts';
import type { Rederivation } from '../../decoding/rederive.ts';
import type { CatalogueEntry } from '../../models/catalogue.ts';
import type { ServerModel } from '../../engines/openai/replies.ts';
import type { Grammar, SamplingParams } from '../../sampling/params.ts';
import type { RawNumbers, TokenNumbers } from '../../sampling/token_numbers.ts';
import type { TokenFate } from '../../sampling/trace.ts';
import type { ConformanceReport, ConformanceRow } from '../conformance/report.ts';
import type { LineDistances } from '../texts/distances.ts';
import type { EngineSummary, Found, HubModels, ModelChoice, Shelf } from './models_api.ts';
import type { WebLlmOffers } from '../../engines/web-llm/open.ts';
import type { CandidateRow, LaneDistributions, StepView, TemperatureStrip } from './views.ts';

/** A text, or the turns of a conversation for the model's own template. */
export type PromptSource =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'chat'; readonly messages: readonly ChatMessage[] };

/** A token as it is shown: `piece` is the text that became whole UTF-8 with it, `label` its own bytes. */
export interface TokenText {
  readonly token: TokenId;
  readonly piece: string;
  readonly label: string;
  readonly kind: TokenKind;
}

export interface TokenisedPrompt {
  readonly tokens: readonly TokenText[];
  /** The text that was tokenised: for a chat, what the template made of it. */
  readonly text: string;
  /** Some of its characters that no token stands for, so that the model does not read them. */
  readonly lost: readonly string[];
}

/** Names a text that the worker holds, with the logits of its positions. Never reused. */
export type LineId = number;

/** One lane of a run. */
export interface LaneRequest {
  readonly line: LineId;
  readonly params: SamplingParams;
  readonly stream: number;
}

export interface RunRequest {
  /** Prompt token ids; ignored when `from` is given. */
  readonly prompt: readonly TokenId[];
  /**
   * Continue from another line: its prompt, its first `outputs` output tokens, and then `token`, chosen by hand, where
   * that is given.
   */
  readonly from?: { readonly line: LineId; readonly outputs: number; readonly token?: TokenId };
  readonly lanes: readonly LaneRequest[];
  /**
   * For strategies that make branches of their own (samples, beams): branch b becomes line `branches + b`. The page has set
   * these ids aside.
   */
  readonly branches?: LineId;
  readonly strategy: Strategy;
  readonly stop: StopConditions;
}

/** A step record with the token's label, so that the page needs no tokenizer. */
export interface LineStep {
  readonly record: StepRecord;
  readonly label: string;
  readonly kind: TokenKind;
}

/** A column of each number over the prompt's tokens; NaN for the first token, which nothing predicts. */
export type PromptScores = RawNumbers<Float64Array>;

export type LineEvent =
  | { readonly type: 'prefill'; readonly done: number; readonly total: number }
  | { readonly type: 'prompt-scores'; readonly scores: PromptScores }
  | { readonly type: 'steps'; readonly line: LineId; readonly steps: readonly LineStep[] }
  | { readonly type: 'line-end'; readonly line: LineId; readonly reason: StopReason }
  /** A branch of a strategy began: `shared` output tokens are its parent's. */
  | {
      readonly type: 'branch';
      readonly line: LineId;
      readonly parent: LineId | null;
      readonly shared: number;
    }
  /** KV pages while the run goes on: the most since the last event. */
  | { readonly type: 'usage'; readonly usage: KvUsage };

/** What new parameters make of a line's past steps; one value per output token. */
export interface Rederived extends Rederivation {
  /** [outputs] of `tokens` */
  readonly labels: readonly string[];
}

/** A text that nobody drew, as the continuation of another. */
export interface TextScore extends Omit<ContinuationScore, 'tokens'> {
  readonly tokens: readonly (TokenFate & { readonly label: string })[];
}

export interface InspectOptions {
  /** Candidates to list. */
  readonly top: number;
}

/** A position whose logits are known; `outputs` is the number of output tokens before it, negative within the prompt. */
export interface StepPlace {
  readonly line: LineId;
  /** Index in the whole sequence of the token that the distribution predicts. */
  readonly position: number;
}

/** A place, and the parameters under which it is looked at. */
export interface LanePlace {
  readonly place: StepPlace;
  readonly params: SamplingParams;
}

/** A text with its prompt, by token ids of the loaded model. */
export interface AdoptedText {
  readonly tokens: readonly TokenId[];
  readonly promptLength: number;
  readonly stream: number;
  /** Output indices whose token was chosen by hand; default none. */
  readonly byHand?: readonly number[];
}

/** The most likely raw candidates of each output token of a line, best first: [outputs][depth], row by row. */
export interface TopCandidates {
  readonly depth: number;
  readonly tokens: Uint32Array;
  /** NaN where a server listed fewer. */
  readonly rawLogprob: Float64Array;
  /** −Infinity where the line's chain removed the candidate; NaN where a server sampled and did not say. */
  readonly finalLogprob: Float64Array;
  /** Labels of these tokens and of the line's own. */
  readonly labels: ReadonlyMap<TokenId, string>;
}

/** What a record keeps of a line beside its tokens. */
export interface LineEvidence extends TopCandidates {
  /** Output indices whose token was chosen by hand. */
  readonly byHand: readonly number[];
  readonly stream: number;
}

export interface ReplayRequest {
  readonly line: LineId;
  /** What drew the outputs from a position on; the first part has those before it too. */
  readonly parts: readonly { readonly from: number; readonly params: SamplingParams }[];
  /** Candidates of each output. */
  readonly depth: number;
  /** The outputs are a beam's: its chain has no stages that heat or pick. The candidates show the whole chain all the same. */
  readonly beams?: boolean;
  /**
   * Runs the model again step by step, as the run had gone. Else rows that the worker still has are taken, as after a run of
   * several texts in one batch.
   */
  readonly stepwise: boolean;
}

/** A line computed again, given its token ids and what drew them. */
export interface ReplayedLine {
  /** Words of every token, prompt included, from its id. */
  readonly texts: readonly TokenText[];
  /** Whether the last token ends a text. */
  readonly ended: boolean;
  /** [outputs] what the chain draws, given the text before it as it stands. */
  readonly drawn: Int32Array;
  /** [outputs] of the token that stands there */
  readonly numbers: readonly TokenNumbers[];
  /** Null where the engine cannot score a prompt, or the prompt is too long for it. */
  readonly prompt: PromptScores | null;
  /** Its labels also have the drawn tokens. */
  readonly top: TopCandidates;
}

/** One row of a token search. */
export interface TokenHit {
  readonly token: TokenId;
  readonly label: string;
}

export interface MachineReport {
  readonly description: EngineDescription;
  readonly usage: KvUsage;
  /** Logits kept for re-deriving. */
  readonly logitBytes: number;
  readonly logitBudget: number;
}

/** What can be asked about the texts of one loaded model. Null where there is none, but for what says that it throws. */
export interface TextQuestions {
  /** @throws EngineError `bad-template`; `not-supported` without a model */
  tokenise(source: PromptSource): Promise<TokenisedPrompt>;
  /** Ends when the run has ended, however it did. Events come in batches, one every frame at most. */
  run(request: RunRequest, onEvents: (events: readonly LineEvent[]) => void): Promise<RunResult>;
  /** Holds a text that was not made here, so that it can be asked about as if it were. */
  adopt(line: LineId, text: AdoptedText): Promise<void>;
  forget(line: LineId): Promise<void>;
  /** The distribution at a place under the given parameters; null when its logits are not known. */
  inspect(place: StepPlace, params: SamplingParams, options: InspectOptions): Promise<StepView | null>;
  /** One named token at a place, wherever it ranks. */
  candidate(place: StepPlace, params: SamplingParams, token: TokenId): Promise<CandidateRow | null>;
  /** A typed text in place of what follows there; null for no text, or when its logits cannot be had now. */
  score(place: StepPlace, params: SamplingParams, text: string): Promise<TextScore | null>;
  rederive(line: LineId, params: SamplingParams): Promise<Rederived | null>;
  /** What is wrong with a grammar for the loaded model, and where; null when it can be used. */
  grammarProblem(grammar: Grammar): Promise<GrammarProblem | null>;
  /** Several places over one list of tokens, so that they can be laid over each other. */
  distributions(places: readonly LanePlace[], top: number): Promise<LaneDistributions>;
  /** The final distribution at a place for each of the given temperatures; null when its logits are not known. */
  temperatureStrip(asked: LanePlace, temperatures: readonly number[]): Promise<TemperatureStrip | null>;
  /**
   * Computes a line again: words, numbers, and what would be drawn at each token. Null for a line that the worker does not hold.
   * @throws EngineError `aborted` when it is stopped, `not-supported` where an engine tells no logits
   */
  replay(request: ReplayRequest): Promise<ReplayedLine | null>;
  /** What a record keeps of a line; null for a line that the worker does not hold, or while a run goes on. */
  evidence(line: LineId, params: SamplingParams, depth: number): Promise<LineEvidence | null>;
  searchTokens(query: string, limit: number): Promise<readonly TokenHit[]>;
  machine(): Promise<MachineReport | null>;
  /** Decodes a few tokens to see what one costs; null where nothing can be counted. */
  measure(): Promise<StepMeasure | null>;
}

/** What can be asked of a slot, which holds one model or none. */
export interface SlotQuestions {
  /** Opens a model in place of the one that is there. @throws EngineError */
  load(choice: ModelChoice, onProgress: (progress: LoadProgress) => void): Promise<EngineSummary>;
  /** Ends what goes on in the slot, and lets go of its model. */
  close(): Promise<void>;
}

/** What concerns the whole worker, or what the browser keeps. */
export interface SharedQuestions {
  models(): Promise<readonly CatalogueEntry[]>;
  /** Ends every run, and what is computed for the charts, in both slots. */
  stop(): Promise<void>;
  /** Stops the loads, of either slot. What has arrived of a download is kept. */
  pauseLoading(): Promise<void>;
  shelf(): Promise<Shelf>;
  /** @param key as the shelf has it, or `web-llm:` and the id of a model of web-llm's */
  deleteKept(key: string): Promise<void>;
  /** @param hubUrl another address of the hub: a mirror */
  findModel(typed: string, hubUrl?: string): Promise<Found>;
  /** The models of an OpenAI-compatible server. @throws EngineError `network`, `bad-reply` */
  serverModels(baseUrl: string, key: string): Promise<readonly ServerModel[]>;
  /** Models of the hub that are worth having, with what each would take here at a context of so many tokens. */
  hubModels(contextLength: number): Promise<HubModels>;
  /** Models of web-llm, each in the form that this adapter takes. */
  webLlmModels(): Promise<WebLlmOffers>;
  /**
   * The model of slot 1 reads a line of slot 0. Null for a line that the worker does not hold.
   * @throws EngineError `not-supported` where their vocabularies differ
   */
  distances(line: LineId): Promise<LineDistances | null>;
  /** Checks this browser and its adapter against known answers; the model of slot 0 is let go. @param base the page's address */
  conformance(base: string, onRow: (row: ConformanceRow) => void): Promise<ConformanceReport>;
}

/** 0 holds the page's own model, 1 the one that it is compared with. */
export type SlotNumber = 0 | 1;

/** Every question, as it is put to one of the two slots. */
export interface WorkerApi extends TextQuestions, SlotQuestions, SharedQuestions {}
