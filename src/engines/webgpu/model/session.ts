import {
  EngineError,
  type KvUsage,
  type PrefillOptions,
  type PrefillResult,
  type SequenceId,
  type Session,
  type StepEntry,
  type TokenId,
} from '../../contract.ts';
import { MAX_SEQUENCES, PAGE_TOKENS } from '../kernels/context.ts';
import { readSummary } from '../kernels/logit_summary.ts';
import type { ModelConfig } from './config.ts';
import { kvBytesPerToken } from './memory_plan.ts';
import type { Pass, Runtime } from './runtime.ts';
import { type Sequence, SequenceTable } from './sequence_table.ts';

/**
 * Sequences over one model. When the device is lost, the session opens the runtime anew and computes each sequence's KV cache
 * again from its tokens when the sequence is next used. The caller notices only the delay.
 *
 * These guarantees about bits hold on one device. A prefill's logits, keys and values depend only on the tokens, however the
 * prompt is cut and however much of it was cached (tokens that steps wrote are not reused). A step's logits are the same alone
 * and in a batch. A stepped token and the same token prefilled have the same bits if `Runtime.sameBits`; otherwise they differ by
 * rounding. The same holds for a step after the loss of a device, because the recovery prefills the tokens that were stepped.
 */
export class WebGpuSession implements Session {
  readonly #config: ModelConfig;
  readonly #reopen: () => Promise<Runtime>;
  #runtime: Runtime;
  #table: SequenceTable;
  /** Calls run one after the other: a step that is requested during a prefill waits for it. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(config: ModelConfig, runtime: Runtime, reopen: () => Promise<Runtime>) {
    this.#config = config;
    this.#runtime = runtime;
    this.#reopen = reopen;
    this.#table = new SequenceTable(runtime.memory.pages);
  }

  get runtime(): Runtime {
    return this.#runtime;
  }

  get usage(): KvUsage {
    return {
      pagesUsed: this.#table.pagesUsed,
      pagesTotal: this.#runtime.memory.pages,
      pageTokens: PAGE_TOKENS,
      bytesPerPage: kvBytesPerToken(this.#config) * PAGE_TOKENS,
    };
  }

  prefill(tokens: readonly TokenId[], options: PrefillOptions = {}): Promise<PrefillResult> {
    return this.#inTurn(() => this.#prefill(tokens, options));
  }

  step(entries: readonly StepEntry[]): Promise<Float32Array[]> {
    return this.#inTurn(() => this.#step(entries));
  }

  fork(sequence: SequenceId, length?: number): SequenceId {
    return this.#table.fork(this.#table.get(sequence), length).id;
  }

  release(sequence: SequenceId): void {
    this.#table.release(sequence);
  }

  tokens(sequence: SequenceId): readonly TokenId[] {
    return this.#table.get(sequence).tokens;
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(work);
    this.#turn = result.catch(() => undefined);
    return result;
  }

  async #prefill(tokens: readonly TokenId[], options: PrefillOptions): Promise<PrefillResult> {
    if (tokens.length === 0) {
      throw new EngineError('empty-prompt', 'The prompt is empty; please write at least one character.');
    }
    this.#checkTokens(tokens);
    const continued = options.sequence === undefined ? undefined : this.#table.get(options.sequence);
    const start = continued?.tokens.length ?? 0;
    this.#checkLength(start + tokens.length);
    // The logits of reused positions are not kept, so a caller who wants the logits of all positions gets no reuse.
    const sequence =
      continued ??
      (options.onLogits || options.onSummary ? this.#table.create() : this.#table.forkPrefix(tokens));
    const reused = continued ? 0 : sequence.tokens.length;
    try {
      sequence.tokens.push(...tokens.slice(reused));
      const logits = await this.#catchUp(sequence, { ...options, logitsFrom: start });
      return { sequence: sequence.id, logits, reused };
    } catch (error) {
      // The next prompt can reuse the prefix that was computed.
      if (continued) this.#table.truncate(sequence, start);
      else this.#table.release(sequence.id);
      throw error;
    }
  }

  /**
   * Runs the model over the tokens of `sequence` that have no KV yet, and always over the last one.
   * @returns logits after the last token
   */
  async #catchUp(
    sequence: Sequence,
    options: PrefillOptions & { logitsFrom?: number } = {},
  ): Promise<Float32Array<ArrayBuffer>> {
    const { tokens } = sequence;
    const total = tokens.length;
    const { onLogits, onSummary } = options;
    const each = onLogits !== undefined || onSummary !== undefined;
    const wanted = each ? (options.logitsFrom ?? 0) : total - 1;
    // After a loss, a prefix that lanes share is computed once.
    this.#table.adoptPrefix(sequence, wanted);
    this.#table.uncache(sequence, total - 1);
    const first = sequence.cached;
    for (;;) {
      if (options.signal?.aborted) throw new EngineError('aborted', 'The run was stopped.');
      const from = sequence.cached;
      const left = total - from;
      const summarise = onLogits === undefined && onSummary !== undefined && left > 1;
      // A pass that returns summaries returns no logits, so the last token gets its own pass.
      const most = summarise ? left - 1 : left;
      const count = Math.min(each ? MAX_SEQUENCES : this.#runtime.chunk, most);
      const rows = Array.from({ length: count }, (_, i) => ({
        token: tokens[from + i]!,
        position: from + i,
        table: 0,
        next: tokens[from + i + 1],
      }));
      const outputs = rows.flatMap(({ position }, i) => (position >= wanted ? [i] : []));
      const logits = await this.#run([{ sequence, from, to: from + count }], {
        // A step has fewer dispatches. It replaces the prefill of a single token if it gives the same bits.
        mode: count === 1 && this.#runtime.sameBits ? 'decode' : 'prefill',
        rows,
        outputs,
        summarise,
      });
      if (logits === 'lost') continue;
      sequence.cached = from + count;
      if (sequence.prefilled === from) sequence.prefilled = sequence.cached;
      outputs.forEach((row, i) => {
        if (!summarise) onLogits?.(from + row, logits[i]!);
        else
          onSummary?.(from + row, readSummary(logits[i]!, 0, this.#config.vocabularySize, rows[row]!.next));
      });
      options.onProgress?.(sequence.cached - first, total - first);
      if (sequence.cached === total) return logits.at(-1)!;
    }
  }

  async #step(entries: readonly StepEntry[]): Promise<Float32Array[]> {
    const { maxBatch } = { maxBatch: MAX_SEQUENCES };
    if (entries.length === 0 || entries.length > maxBatch) {
      throw new EngineError(
        'not-supported',
        `A step takes 1 to ${maxBatch} sequences, not ${entries.length}.`,
      );
    }
    const sequences = entries.map(({ sequence }) => this.#table.get(sequence));
    if (new Set(sequences).size < sequences.length) {
      throw new EngineError('bad-sequence', 'A step names the same sequence twice; each may take one token.');
    }
    this.#checkTokens(entries.map(({ token }) => token));
    for (const { tokens } of sequences) this.#checkLength(tokens.length + 1);
    for (;;) {
      for (const sequence of sequences) {
        if (sequence.cached < sequence.tokens.length) await this.#catchUp(sequence);
      }
      const rows = entries.map(({ token }, i) => ({
        token,
        position: sequences[i]!.tokens.length,
        table: i,
      }));
      const ranges = rows.map(({ position: from }, i) => ({ sequence: sequences[i]!, from, to: from + 1 }));
      const outputs = rows.map((_, i) => i);
      const logits = await this.#run(ranges, { mode: 'decode', rows, outputs });
      if (logits === 'lost') continue;
      sequences.forEach((sequence, i) => {
        sequence.tokens.push(entries[i]!.token);
        if (this.#runtime.sameBits && sequence.prefilled === sequence.cached) sequence.prefilled++;
        sequence.cached++;
      });
      return logits;
    }
  }

  /**
   * Runs one forward pass that writes positions `from` to `to` − 1 of the sequence of each table.
   * @returns `lost` if the device was lost; by then the runtime is open again and every KV page is forgotten
   */
  async #run(
    ranges: readonly { readonly sequence: Sequence; readonly from: number; readonly to: number }[],
    pass: Omit<Pass, 'tables' | 'copies'>,
  ): Promise<Float32Array<ArrayBuffer>[] | 'lost'> {
    const copies = this.#table.makeWritable(ranges);
    const tables = ranges.map(({ sequence }) => sequence.pages);
    try {
      return await this.#runtime.run({ ...pass, tables, copies });
    } catch (error) {
      if (!(error instanceof EngineError) || error.code !== 'device-lost') {
        // The copy of a page may not have happened, so its content is unknown.
        for (const { sequence, from } of ranges) this.#table.uncache(sequence, from - (from % PAGE_TOKENS));
        throw error;
      }
      this.#runtime.destroy();
      this.#runtime = await this.#reopen();
      this.#table.forgetPages(this.#runtime.memory.pages);
      return 'lost';
    }
  }

  #checkTokens(tokens: readonly TokenId[]): void {
    const { vocabularySize } = this.#config;
    const bad = tokens.find((token) => !Number.isInteger(token) || token < 0 || token >= vocabularySize);
    if (bad === undefined) return;
    throw new EngineError(
      'bad-token',
      `Token ${bad} is not in the vocabulary of ${this.#config.name}, whose ids run from 0 to ${vocabularySize - 1}.`,
    );
  }

  #checkLength(length: number): void {
    const { contextLength } = this.#runtime.memory;
    if (length <= contextLength) return;
    throw new EngineError(
      'context-full',
      `${length} tokens do not fit the context of ${contextLength}; please shorten the prompt or load the model with a longer context.`,
    );
  }
}
