import { EngineError, type TokenId } from '../../engines/contract.ts';
import type { PastText } from '../../decoding/rederive.ts';
import type { TextId, StepPlace } from '../api/worker_api.ts';

/** A text of the page. */
export interface HeldText extends PastText {
  readonly tokens: TokenId[];
}

/** The texts that the page may ask about. `LogitMemory` keeps their logits by token. */
export class TextsById {
  readonly #lines = new Map<TextId, HeldText>();

  hold(id: TextId, text: HeldText): HeldText {
    this.#lines.set(id, text);
    return text;
  }

  get(id: TextId): HeldText | null {
    return this.#lines.get(id) ?? null;
  }

  /** @throws EngineError `bad-sequence` for a text that was forgotten or never held */
  require(id: TextId): HeldText {
    const text = this.#lines.get(id);
    if (!text)
      throw new EngineError('bad-sequence', `Text ${id} is no longer held by the worker; run it again.`);
    return text;
  }

  /** The tokens before a place and the token there; null if nothing predicts the place or the text does not reach it. */
  at({
    text: id,
    position,
  }: StepPlace): { before: TokenId[]; chosen: TokenId | null; text: HeldText } | null {
    const text = this.get(id);
    if (!text || position < 1 || position > text.tokens.length) return null;
    return { before: text.tokens.slice(0, position), chosen: text.tokens[position] ?? null, text };
  }

  /** Forgets all texts, because their ids mean nothing to the next model. */
  clear(): void {
    this.#lines.clear();
  }

  forget(id: TextId): void {
    this.#lines.delete(id);
  }
}
