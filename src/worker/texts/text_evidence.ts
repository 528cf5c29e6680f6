import type { TokenId, Tokenizer } from '../../engines/contract.ts';
import type { KnownSteps, Rederiver, WalkedStep } from '../../decoding/rederive.ts';
import type { SamplingParams } from '../../sampling/params.ts';
import { topTokens } from '../../sampling/ordering/ranking.ts';
import type { TextEvidence, TopCandidates } from '../api/worker_api.ts';
import type { HeldText } from './texts_by_id.ts';

/** Collects the most likely raw candidates of each step of a walk. */
export class CandidateColumns {
  readonly #depth: number;
  readonly #tokens: Uint32Array;
  readonly #rawLogprob: Float64Array;
  readonly #finalLogprob: Float64Array;

  constructor(
    readonly tokenizer: Tokenizer,
    outputs: number,
    depth: number,
  ) {
    this.#depth = Math.min(depth, tokenizer.vocabularySize);
    this.#tokens = new Uint32Array(outputs * this.#depth);
    this.#rawLogprob = new Float64Array(outputs * this.#depth);
    this.#finalLogprob = new Float64Array(outputs * this.#depth);
  }

  add({ sampler, draw, logits, index: output }: WalkedStep): void {
    topTokens(logits, this.#depth).forEach((token: TokenId, place) => {
      const at = output * this.#depth + place;
      this.#tokens[at] = token;
      this.#rawLogprob[at] = logits[token]! - draw.rawLogNormaliser;
      this.#finalLogprob[at] = sampler.finalLogprob(token);
    });
  }

  /** @param named tokens that also need a label */
  columns(named: Iterable<TokenId>): TopCandidates {
    const tokens = this.#tokens;
    return {
      depth: this.#depth,
      tokens,
      rawLogprob: this.#rawLogprob,
      finalLogprob: this.#finalLogprob,
      labels: new Map(
        [...new Set([...tokens, ...named])].map((token) => [token, this.tokenizer.label(token)]),
      ),
    };
  }
}

/**
 * The candidates that a record keeps, so that each step can be inspected without the model.
 * @param steps of every output, from the first on
 */
export async function textEvidence(
  rederiver: Rederiver,
  text: HeldText,
  params: SamplingParams,
  steps: KnownSteps,
  depth: number,
): Promise<TextEvidence> {
  const top = new CandidateColumns(rederiver.tokenizer, text.tokens.length - steps.from, depth);
  await rederiver.walk(text, params, steps, (step) => top.add(step));
  return { ...top.columns(text.tokens), byHand: [...text.byHand], stream: text.stream };
}
