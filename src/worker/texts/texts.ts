/** The questions about the texts of a loaded model, and the answers that are the same for every engine. */
import { EngineError, type EngineBase, type Tokenizer } from '../../engines/contract.ts';
import { tryGrammar } from '../../decoding/grammar/compile.ts';
import type { GrammarProblem } from '../../decoding/grammar/problem.ts';
import { DEFAULT_LOGIT_BUDGET, type LogitRows } from '../../decoding/logit_memory.ts';
import type { Grammar, NumberKey } from '../../sampling/params.ts';
import type {
  AdoptedText,
  TextId,
  MachineReport,
  PromptSource,
  TextQuestions,
  TokenHit,
  TokenisedPrompt,
} from '../api/worker_api.ts';
import type { TextDistances } from './distances.ts';
import { TextsById, type HeldText } from './texts_by_id.ts';
import { TokenIndex, tokenisePrompt } from './token_text.ts';
import type { Turns } from './turns.ts';

export interface Texts extends TextQuestions {
  /** The parameters that a server takes; null if the worker samples, which uses all of them. */
  readonly taken: readonly NumberKey[] | null;
  /** Calls `use` with the raw logits of each output of a text; null if they cannot be computed now, or the text is not held. */
  outputs<T>(
    text: TextId,
    use: (text: HeldText, rows: LogitRows, tokenizer: Tokenizer) => Promise<T>,
  ): Promise<T | null>;
  /**
   * Reads another model's text with this model and compares the distributions of the two.
   * @param rows raw logits of each output position by the other model
   * @throws EngineError `not-supported` if the vocabularies differ or there are no logits; what the engine throws
   */
  distances(text: HeldText, rows: LogitRows, other: Tokenizer): Promise<TextDistances>;
  /** Lets go of the engine. */
  release(): void;
}

/** The answers that need no logits. */
export abstract class HeldTexts<E extends EngineBase> {
  protected readonly texts = new TextsById();
  protected released = false;
  #index: TokenIndex | null = null;

  constructor(
    protected readonly engine: E,
    protected readonly turns: Turns,
  ) {}

  async tokenise(source: PromptSource): Promise<TokenisedPrompt> {
    return tokenisePrompt(source, this.engine.tokenizer);
  }

  async adopt(text: TextId, { tokens, promptLength, stream, byHand }: AdoptedText): Promise<void> {
    this.texts.hold(text, { tokens: [...tokens], promptLength, stream, byHand: new Set(byHand) });
  }

  async forget(text: TextId): Promise<void> {
    this.texts.forget(text);
  }

  async grammarProblem(grammar: Grammar): Promise<GrammarProblem | null> {
    const { tokenizer, capabilities } = this.engine;
    if (capabilities.logits !== 'full') {
      const message =
        'This engine tells only its likeliest tokens and cannot be held to a grammar; set the output to “Free”, or load a model that runs in this browser.';
      return { message, line: null, column: null };
    }
    const outcome = await tryGrammar(grammar, tokenizer);
    return 'problem' in outcome ? outcome.problem : null;
  }

  async searchTokens(query: string, limit: number): Promise<readonly TokenHit[]> {
    this.#index ??= new TokenIndex(this.engine.tokenizer);
    return this.#index.search(query, limit);
  }

  async machine(): Promise<MachineReport> {
    return {
      description: this.engine.describe(),
      usage: { pagesUsed: 0, pagesTotal: 0, pageTokens: 0, bytesPerPage: 0 },
      logitBytes: 0,
      logitBudget: DEFAULT_LOGIT_BUDGET,
    };
  }

  release(): void {
    this.released = true;
    this.engine.dispose();
  }

  /** What a person started, when its turn has come. @throws EngineError `aborted` when another model has taken the place of this one */
  protected inTurn<T>(task: (signal: AbortSignal) => Promise<T>): Promise<T> {
    return this.turns.run((signal) => {
      if (this.released)
        throw new EngineError('aborted', 'Another model was loaded before this began; start it again.');
      return task(signal);
    });
  }
}
