/**
 * The typed boundary between the page and the worker. The worker holds the engine, the runs and every logit; the page
 * asks for what it shows. Everything here survives a structured clone except the callbacks, which stay with the caller.
 * Their reports come over the same port as the answer, before it (`transport.ts`).
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
import type { TextDistances } from '../texts/distances.ts';
import type { EngineSummary, Found, HubModels, ModelChoice, Shelf } from './models_api.ts';
import type { WebLlmOffers } from '../../engines/web-llm/open.ts';
import type { CandidateRow, LaneDistributions, StepView, TemperatureStrip } from './views.ts';

/** A text, or the turns of a conversation for the model's own template. */
export type PromptSource =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'chat'; readonly messages: readonly ChatMessage[] };

/** A token as the page shows it: `piece` is the text that it completes as UTF-8, `label` shows its own bytes. */
export interface TokenText {
  readonly token: TokenId;
  readonly piece: string;
  readonly label: string;
  readonly kind: TokenKind;
}

export interface TokenisedPrompt {
  readonly tokens: readonly TokenText[];
  /** The text that was tokenised; for a chat, the template's output. */
  readonly text: string;
  /** Some of the characters that no token stands for, so the model does not read them. */
  readonly lost: readonly string[];
}

/** Names a text that the worker holds, with the logits of its positions. Never reused. */
export type TextId = number;

/** One lane of a run. */
export interface LaneRequest {
  readonly text: TextId;
  readonly params: SamplingParams;
  readonly stream: number;
}

export interface RunRequest {
  /** Prompt token ids; ignored when `from` is given. */
  readonly prompt: readonly TokenId[];
  /**
   * Continue from another text: its prompt, its first `outputs` output tokens, and then `token`, if one was chosen by
   * hand.
   */
  readonly from?: { readonly text: TextId; readonly outputs: number; readonly token?: TokenId };
  readonly lanes: readonly LaneRequest[];
  /**
   * For strategies that make branches of their own (samples, beams): branch b becomes text `branches + b`. The page has
   * reserved these ids.
   */
  readonly branches?: TextId;
  readonly strategy: Strategy;
  readonly stop: StopConditions;
}

/** A step's record with the token's label, so that the page needs no tokenizer. */
export interface TextStep {
  readonly record: StepRecord;
  readonly label: string;
  readonly kind: TokenKind;
}

/** A column per figure over the prompt's tokens; NaN for the first token, which nothing predicts. */
export type PromptScores = RawNumbers<Float64Array>;

export type TextEvent =
  | { readonly type: 'prefill'; readonly done: number; readonly total: number }
  | { readonly type: 'prompt-scores'; readonly scores: PromptScores }
  | { readonly type: 'steps'; readonly text: TextId; readonly steps: readonly TextStep[] }
  | { readonly type: 'text-end'; readonly text: TextId; readonly reason: StopReason }
  /** A strategy began a branch, which shares `shared` output tokens with its parent. */
  | {
      readonly type: 'branch';
      readonly text: TextId;
      readonly parent: TextId | null;
      readonly shared: number;
    }
  /** KV pages during the run: the maximum since the last event. */
  | { readonly type: 'usage'; readonly usage: KvUsage };

/** A text's past steps, derived again under new parameters; one value per output token. */
export interface Rederived extends Rederivation {
  /** [outputs] of `tokens` */
  readonly labels: readonly string[];
}

/** The score of a typed continuation, which was never drawn. */
export interface TextScore extends Omit<ContinuationScore, 'tokens'> {
  readonly tokens: readonly (TokenFate & { readonly label: string })[];
}

export interface InspectOptions {
  /** How many candidates to list. */
  readonly top: number;
  /** Whether to add the distributions between the stages. */
  readonly draw?: boolean;
}

/** A position whose logits are known; `outputs` is the number of output tokens before it, negative within the prompt. */
export interface StepPlace {
  readonly text: TextId;
  /** Index in the whole sequence of the token that the distribution predicts. */
  readonly position: number;
}

/** A place, and the parameters to derive it with. */
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

/** The most likely raw candidates of each output token of a text, best first: [outputs][depth], row by row. */
export interface TopCandidates {
  readonly depth: number;
  readonly tokens: Uint32Array;
  /** NaN where a server listed fewer. */
  readonly rawLogprob: Float64Array;
  /** −Infinity where the text's chain removed the candidate; NaN where a server sampled and did not say. */
  readonly finalLogprob: Float64Array;
  /** Labels of these tokens and of the text's own. */
  readonly labels: ReadonlyMap<TokenId, string>;
}

/** What a record keeps of a text beside its tokens. */
export interface TextEvidence extends TopCandidates {
  /** Output indices whose token was chosen by hand. */
  readonly byHand: readonly number[];
  readonly stream: number;
}

export interface ReplayRequest {
  readonly text: TextId;
  /** The parameters that drew the outputs from a position on; the first part also covers those before it. */
  readonly parts: readonly { readonly from: number; readonly params: SamplingParams }[];
  /** Candidates per output. */
  readonly depth: number;
  /** The outputs come from a beam, whose chain has no stages that heat or pick. The candidates still show the whole chain. */
  readonly beams?: boolean;
  /**
   * Runs the model again step by step, as the run did. Otherwise the worker uses the logits that it still has, as after a
   * run of several texts in one batch.
   */
  readonly stepwise: boolean;
}

/** A text computed again from its token ids and the parameters that drew them. */
export interface ReplayedText {
  /** The text of every token, prompt included, from its id. */
  readonly texts: readonly TokenText[];
  /** Whether the last token ends a text. */
  readonly ended: boolean;
  /** [outputs] the token that the chain draws after the recorded text before it. */
  readonly drawn: Int32Array;
  /** [outputs] the figures of the recorded token */
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
  /** Bytes of logits kept for re-deriving. */
  readonly logitBytes: number;
  readonly logitBudget: number;
}

/** Questions about the texts of one loaded model. Without a model they answer null, except those that say that they throw. */
export interface TextQuestions {
  /** @throws EngineError `bad-template`; `not-supported` without a model */
  tokenise(source: PromptSource): Promise<TokenisedPrompt>;
  /** Resolves when the run has ended, for whatever reason. Events come in batches, at most one per frame. */
  run(request: RunRequest, onEvents: (events: readonly TextEvent[]) => void): Promise<RunResult>;
  /** Takes a text that was made elsewhere, so that all questions can be asked about it. */
  adopt(id: TextId, text: AdoptedText): Promise<void>;
  forget(text: TextId): Promise<void>;
  /** The distribution at a place under the given parameters; null when its logits are not known. */
  inspect(place: StepPlace, params: SamplingParams, options: InspectOptions): Promise<StepView | null>;
  /** One token at a place, whatever its rank. */
  candidate(place: StepPlace, params: SamplingParams, token: TokenId): Promise<CandidateRow | null>;
  /** Scores a typed text in place of what follows; null for an empty text, or when its logits are not available now. */
  score(place: StepPlace, params: SamplingParams, text: string): Promise<TextScore | null>;
  rederive(text: TextId, params: SamplingParams): Promise<Rederived | null>;
  /** What makes a grammar unusable with the loaded model, and where; null when nothing does. */
  grammarProblem(grammar: Grammar): Promise<GrammarProblem | null>;
  /** Several places over one list of tokens, so that a chart can overlay them. */
  distributions(places: readonly LanePlace[], top: number): Promise<LaneDistributions>;
  /** The final distribution at a place for each of the given temperatures; null when its logits are not known. */
  temperatureStrip(asked: LanePlace, temperatures: readonly number[]): Promise<TemperatureStrip | null>;
  /**
   * Computes a text again: its pieces, its figures, and the token drawn at each step. Null for a text that the worker does not hold.
   * @throws EngineError `aborted` when it is stopped, `not-supported` if the engine gives no logits
   */
  replay(request: ReplayRequest): Promise<ReplayedText | null>;
  /** What a record keeps of a text; null for a text that the worker does not hold, or during a run. */
  evidence(text: TextId, params: SamplingParams, depth: number): Promise<TextEvidence | null>;
  searchTokens(query: string, limit: number): Promise<readonly TokenHit[]>;
  machine(): Promise<MachineReport | null>;
  /** Decodes a few tokens to measure the cost of one; null if nothing can be counted. */
  measure(): Promise<StepMeasure | null>;
}

/** Questions to a slot, which holds one model or none. */
export interface SlotQuestions {
  /** Opens a model in place of the present one. @throws EngineError */
  load(choice: ModelChoice, onProgress: (progress: LoadProgress) => void): Promise<EngineSummary>;
  /** Ends all work in the slot, and releases its model. */
  close(): Promise<void>;
}

/** Questions about the whole worker, or about what the browser keeps. */
export interface SharedQuestions {
  models(): Promise<readonly CatalogueEntry[]>;
  /** Ends every run and every computation for the charts, in both slots. */
  stop(): Promise<void>;
  /** Stops the loads of both slots. The downloaded part of a file is kept. */
  pauseLoading(): Promise<void>;
  shelf(): Promise<Shelf>;
  /** @param key the key in the shelf, or `web-llm:` and the id of a web-llm model */
  deleteKept(key: string): Promise<void>;
  /** @param hubUrl the address of a mirror of the hub */
  findModel(typed: string, hubUrl?: string): Promise<Found>;
  /** The models of an OpenAI-compatible server. @throws EngineError `network`, `bad-reply` */
  serverModels(baseUrl: string, key: string): Promise<readonly ServerModel[]>;
  /** Recommended models of the hub, with the memory that each would take here at this context length. */
  hubModels(contextLength: number): Promise<HubModels>;
  /** Models of web-llm, each in the variant for this adapter. */
  webLlmModels(): Promise<WebLlmOffers>;
  /**
   * The model of slot 1 reads a text of slot 0. Null for a text that the worker does not hold.
   * @throws EngineError `not-supported` if their vocabularies differ
   */
  distances(text: TextId): Promise<TextDistances | null>;
  /** Checks this browser and its adapter against known answers, and releases the model of slot 0. @param base the page's address */
  conformance(base: string, onRow: (row: ConformanceRow) => void): Promise<ConformanceReport>;
}

/** 0 holds the page's own model, 1 the one that it is compared with. */
export type SlotNumber = 0 | 1;

/** Every question that can be put to one of the two slots. */
export interface WorkerApi extends TextQuestions, SlotQuestions, SharedQuestions {}
