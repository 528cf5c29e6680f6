import { EngineError, type TokenId } from '../../engines/contract.ts';
import type { PastText } from '../../decoding/rederive.ts';
import type { LineId, StepPlace } from '../api/worker_api.ts';

/** A text of the page. */
export interface HeldLine extends PastText {
  readonly tokens: TokenId[];
}

/** The texts that the page may ask about. `LogitMemory` keeps their logits by token. */
export class HeldLines {
  readonly #lines = new Map<LineId, HeldLine>();

  hold(id: LineId, line: HeldLine): HeldLine {
    this.#lines.set(id, line);
    return line;
  }

  get(id: LineId): HeldLine | null {
    return this.#lines.get(id) ?? null;
  }

  /** @throws EngineError `bad-sequence` for a text that was forgotten or never held */
  require(id: LineId): HeldLine {
    const line = this.#lines.get(id);
    if (!line)
      throw new EngineError('bad-sequence', `Text ${id} is no longer held by the worker; run it again.`);
    return line;
  }

  /** The tokens before a place and the token there; null if nothing predicts the place or the text does not reach it. */
  at({
    line: id,
    position,
  }: StepPlace): { before: TokenId[]; chosen: TokenId | null; line: HeldLine } | null {
    const line = this.get(id);
    if (!line || position < 1 || position > line.tokens.length) return null;
    return { before: line.tokens.slice(0, position), chosen: line.tokens[position] ?? null, line };
  }

  /** Forgets all texts, because their ids mean nothing to the next model. */
  clear(): void {
    this.#lines.clear();
  }

  forget(id: LineId): void {
    this.#lines.delete(id);
  }
}
