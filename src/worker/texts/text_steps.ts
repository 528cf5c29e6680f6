/** The steps of held texts: their logits, from memory or computed anew, and what a chain makes of them. */
import type { Engine, TokenId } from '../../engines/contract.ts';
import { masksAlong } from '../../decoding/grammar/masks.ts';
import { LogitMemory, type LogitRows } from '../../decoding/logit_memory.ts';
import { remembers, type KnownSteps, type Rederiver } from '../../decoding/rederive.ts';
import type { ChainWatch } from '../../sampling/chain_watch.ts';
import type { SamplingParams } from '../../sampling/params.ts';
import type { TraceMemory } from '../../sampling/trace.ts';
import type { TextId, StepPlace } from '../api/worker_api.ts';
import type { HeldText, TextsById } from './texts_by_id.ts';
import type { LaneStep } from './lane_views.ts';
import type { Turns } from './turns.ts';

export class TextSteps {
  /** @param released whether another model has replaced this one */
  constructor(
    private readonly engine: Engine,
    private readonly texts: TextsById,
    private readonly memory: LogitMemory,
    private readonly rederiver: Rederiver,
    private readonly turns: Turns,
    private readonly released: () => boolean,
  ) {}

  /** Logits of every output of a text. */
  replayRows({ tokens, promptLength }: HeldText, stepwise: boolean, signal: AbortSignal): LogitRows {
    const before = tokens.slice(0, -1);
    const { session } = this.engine;
    if (!stepwise) return this.memory.walk(session, before, promptLength - 1, 'prefill', signal);
    // Remembered rows may come from one pass over the whole text. A stepwise replay computes each row again.
    const made = new LogitMemory(0).walk(session, before, promptLength - 1, 'replay', signal);
    return this.#remembered(made, before, promptLength);
  }

  async *#remembered(
    rows: AsyncIterable<Float32Array>,
    tokens: readonly TokenId[],
    from: number,
  ): AsyncGenerator<Float32Array> {
    let node = this.memory.node(tokens.slice(0, from));
    let next = from;
    for await (const row of rows) {
      this.memory.putAt(node, row);
      if (next < tokens.length) node = this.memory.extend(node, tokens[next++]!);
      yield row;
    }
  }

  /** @param read is called before `memory` and `watch` are written again */
  async look<T>(
    place: StepPlace,
    params: SamplingParams,
    read: (step: LaneStep) => T,
    memory?: TraceMemory,
    watch?: ChainWatch,
  ): Promise<T | null> {
    const at = this.texts.at(place);
    if (!at) return null;
    const { before, chosen, text } = at;
    const output = place.position - text.promptLength;
    const drawn = output >= 0 && !text.byHand.has(output);
    return this.following(text, before, before.length, params, (steps) =>
      this.rederiver.trace(
        { tokens: before, stream: text.stream },
        params,
        steps,
        (trace) => read({ trace, before, chosen, drawn }),
        memory,
        watch,
      ),
    );
  }

  /** Every output of a text; null during a run. */
  async ofAll<T>(
    id: TextId,
    params: SamplingParams,
    use: (text: HeldText, steps: KnownSteps) => Promise<T>,
  ): Promise<T | null> {
    const held = this.texts.get(id);
    if (!held || this.turns.running) return null;
    // Copy the tokens, because a run may start meanwhile and append to the text.
    const text = { ...held, tokens: [...held.tokens] };
    return this.following(text, text.tokens.slice(0, -1), text.promptLength, params, (steps) =>
      use(text, steps),
    );
  }

  /**
   * The steps that predict what follows `tokens` from position `wanted` on, and those before it that a chain remembers.
   * @returns null if logits are missing and cannot be computed now
   */
  async following<T>(
    { promptLength }: HeldText,
    tokens: readonly TokenId[],
    wanted: number,
    params: SamplingParams,
    use: (steps: KnownSteps) => Promise<T>,
  ): Promise<T | null> {
    const from = remembers(params) ? Math.min(wanted, promptLength) : wanted;
    // No grammar applies within the prompt.
    const masks =
      wanted < promptLength
        ? []
        : await masksAlong(params, this.engine.tokenizer, tokens.slice(promptLength), from - promptLength);
    return this.logits(tokens, from - 1, (rows) => use({ from, rows, masks }));
  }

  /**
   * Logits after each prefix of `tokens` with more than `from` tokens. During a run only known logits are used.
   * If a run interrupts the computation, the computed rows are kept and the answer is null.
   */
  async logits<T>(
    tokens: readonly TokenId[],
    from: number,
    use: (rows: LogitRows) => Promise<T>,
  ): Promise<T | null> {
    const known = this.memory.along(tokens, from);
    if (known.every((row) => row !== null)) return use(known);
    const { session, capabilities } = this.engine;
    if (capabilities.logits !== 'full') return null;
    return this.turns.look(async (signal) =>
      this.released() ? null : use(this.memory.walk(session, tokens, from, 'prefill', signal)),
    );
  }
}
