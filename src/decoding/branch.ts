/** One text of a run while it grows: its tokens, its sequence in the session, its chain, and its scores. */
import type { SequenceId, StreamDecoder, TokenId } from '../engines/contract.ts';
import type { Sampler } from '../sampling/sampler.ts';
import type { Constraint } from './constraint.ts';
import type { BranchId, BranchResult, StopReason } from './events.ts';
import type { NodeId } from './token_tree.ts';
import type { StopWatcher } from './stopping.ts';

export interface BranchParts {
  readonly id: BranchId;
  readonly lane: number;
  readonly parent: BranchId | null;
  readonly shared: number;
  readonly sequence: SequenceId;
  /** Prompt and prefix. */
  readonly history: TokenId[];
  readonly promptLength: number;
  readonly prefixLength: number;
  readonly sampler: Sampler;
  readonly decoder: StreamDecoder;
  readonly stopper: StopWatcher;
  readonly constraint: Constraint | null;
  /** Raw logits for the next token. */
  readonly logits: Float32Array;
  readonly node: NodeId;
}

export class Branch {
  readonly id: BranchId;
  readonly lane: number;
  readonly parent: BranchId | null;
  readonly shared: number;
  readonly sequence: SequenceId;
  readonly history: TokenId[];
  readonly promptLength: number;
  prefixLength: number;
  readonly sampler: Sampler;
  readonly decoder: StreamDecoder;
  readonly stopper: StopWatcher;
  readonly constraint: Constraint | null;
  logits: Float32Array;
  node: NodeId;
  totalLogprob = 0;
  /** Null while it grows. */
  reason: StopReason | null = null;
  /** Its sequence was returned to the session. */
  released = false;
  stopSequence: string | null = null;
  /** Set by strategies that rank or verify. */
  score: number | null = null;
  valid: boolean | null = null;
  answer: string | null = null;

  constructor(parts: BranchParts) {
    this.id = parts.id;
    this.lane = parts.lane;
    this.parent = parts.parent;
    this.shared = parts.shared;
    this.sequence = parts.sequence;
    this.history = parts.history;
    this.promptLength = parts.promptLength;
    this.prefixLength = parts.prefixLength;
    this.sampler = parts.sampler;
    this.decoder = parts.decoder;
    this.stopper = parts.stopper;
    this.constraint = parts.constraint;
    this.logits = parts.logits;
    this.node = parts.node;
  }

  /** A copy that continues differently from here. `sequence` must be a fork of this branch's sequence. */
  fork(id: BranchId, sequence: SequenceId): Branch {
    const copy = new Branch({
      id,
      lane: this.lane,
      parent: this.id,
      shared: this.outputLength,
      sequence,
      history: [...this.history],
      promptLength: this.promptLength,
      prefixLength: this.prefixLength,
      sampler: this.sampler.clone(),
      decoder: this.decoder.clone(),
      stopper: this.stopper.clone(),
      constraint: this.constraint?.clone() ?? null,
      logits: this.logits,
      node: this.node,
    });
    copy.totalLogprob = this.totalLogprob;
    return copy;
  }

  get outputLength(): number {
    return this.history.length - this.promptLength;
  }

  /** Number of tokens that this run generated. */
  get generated(): number {
    return this.outputLength - this.prefixLength;
  }

  get averageLogprob(): number {
    return this.generated === 0 ? 0 : this.totalLogprob / this.generated;
  }

  get text(): string {
    return this.stopper.text;
  }

  result(): BranchResult {
    return {
      branch: this.id,
      lane: this.lane,
      parent: this.parent,
      shared: this.shared,
      tokens: this.history.slice(this.promptLength),
      prefix: this.prefixLength,
      text: this.text,
      reason: this.reason ?? 'stopped',
      stopSequence: this.stopSequence,
      totalLogprob: this.totalLogprob,
      averageLogprob: this.averageLogprob,
      perplexity: Math.exp(-this.averageLogprob),
      score: this.score,
      valid: this.valid,
      answer: this.answer,
    };
  }
}
