/**
 * Follows one step through its chain, for views that show the distribution between stages. A trace has only its two ends.
 * Watching changes no result: it reads what the next stage would compute.
 */
import type { Distribution } from './distribution.ts';
import type { StageSummary } from './trace.ts';

/** The distribution before the first stage or after one: p of a living token i = exp(logits[i] − logNormaliser). */
export interface Between {
  /** [vocabulary]; the logits of the living. The raw logits have those of all tokens, later ones −∞ where a token was dead. */
  readonly logits: Readonly<ArrayLike<number>>;
  readonly logNormaliser: number;
}

export class ChainWatch {
  readonly #copies: Float64Array[] = [];
  #used = 0;
  #between: Between[] = [];

  /** One entry more than the stages that ran, in order. The logits are valid until the next step begins. */
  get between(): readonly Between[] {
    return this.#between;
  }

  /** @param raw [vocabulary] */
  begin(raw: Float32Array, logNormaliser: number): void {
    this.#used = 0;
    this.#between = [{ logits: raw, logNormaliser }];
  }

  /** Copies logits only after a stage that changes them, and only those of the living. */
  after({ temperature, changed }: StageSummary, candidates: Distribution): void {
    const same = temperature === null && changed === 0;
    const logits = same ? this.#between.at(-1)!.logits : this.#copy(candidates);
    this.#between.push({ logits, logNormaliser: candidates.logNormaliser() });
  }

  #copy({ ids, count, logits, vocabularySize }: Distribution): Float64Array {
    const copy = (this.#copies[this.#used++] ??= new Float64Array(vocabularySize)).fill(-Infinity);
    for (let i = 0; i < count; i++) copy[ids[i]!] = logits[ids[i]!]!;
    return copy;
  }
}
