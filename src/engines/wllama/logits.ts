import { EngineError } from '../contract.ts';

/** One entry of the result of `Wllama.getLogits`, which gives probabilities in spite of its name. */
export interface TokenProbability {
  readonly token: number;
  readonly p: number;
}

/** How far single-precision sums over a vocabulary may differ from 1. */
const SUM_TOLERANCE = 0.01;

/**
 * Logits from the probabilities that llama.cpp's WebAssembly build gives: ln p, which is the logit up to a constant that does not
 * change a softmax. The build takes exp(logit) in single precision without subtracting the largest first (`action_get_logits` in
 * its cpp/actions.hpp), so if a model's logits are far from zero, their sum becomes 0 or ∞. Such results are refused, since they
 * cannot be corrected. A single p of 0 is a token below 1e-45, and stays at −∞.
 *
 * @returns [vocabularySize]
 * @throws EngineError `not-supported` if the probabilities are not a distribution
 */
export function logitsOf(entries: readonly TokenProbability[], vocabularySize: number): Float32Array {
  const logits = new Float32Array(vocabularySize).fill(-Infinity);
  let sum = 0;
  for (const { token, p } of entries) {
    sum += p;
    logits[token] = Math.log(p);
  }
  if (Math.abs(sum - 1) < SUM_TOLERANCE) return logits;
  throw new EngineError(
    'not-supported',
    `llama.cpp in WebAssembly computes probabilities of this model that add up to ${sum} instead of 1, because its logits are too far from zero; use it on a GPU.`,
  );
}
