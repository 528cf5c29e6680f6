import { EngineError } from '../contract.ts';

/** One entry of what `Wllama.getLogits` gives, which are probabilities in spite of its name. */
export interface TokenProbability {
  readonly token: number;
  readonly p: number;
}

/** How far single-precision sums over a vocabulary may stray from 1. */
const SUM_TOLERANCE = 0.01;

/**
 * Logits from the probabilities that llama.cpp's WebAssembly build gives: ln p, which is the logit up to a constant that no
 * softmax sees. The build takes exp(logit) in single precision without subtracting the largest first
 * (`action_get_logits` in its cpp/actions.hpp), so a model whose logits lie far from zero leaves sums of 0 or ∞; those are
 * refused, since nothing true can be shown of them. A single p of 0 is a token below 1e-45, and stays at −∞.
 *
 * @returns [vocabularySize]
 * @throws EngineError `not-supported` where the probabilities are no distribution
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
    `llama.cpp in WebAssembly gives probabilities of this model that add up to ${sum} in place of 1, for its logits are too far from zero there; use it on a GPU.`,
  );
}
