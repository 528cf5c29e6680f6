/** Figures of the raw distribution, straight from the logits of the whole vocabulary. */
import { exp } from './exp.ts';

export interface RawDistribution {
  /** ln Σ exp(logit): logprob of token i = logits[i] − logNormaliser. */
  readonly logNormaliser: number;
  /** In nats. */
  readonly entropy: number;
}

/** @param logits raw, [vocabulary]; at least one finite and none NaN, or the results are NaN */
export function rawDistribution(logits: Float32Array): RawDistribution {
  let max = -Infinity;
  for (let i = 0; i < logits.length; i++) if (logits[i]! > max) max = logits[i]!;
  let total = 0;
  let weighted = 0;
  for (let i = 0; i < logits.length; i++) {
    const difference = logits[i]! - max;
    const weight = exp(difference);
    total += weight;
    if (weight > 0) weighted += weight * difference;
  }
  return { logNormaliser: max + Math.log(total), entropy: Math.max(0, Math.log(total) - weighted / total) };
}
