/** The chain, run again over a text that stands: no model, only its logits. */
import type { TokenId, Tokenizer } from '../engines/contract.ts';
import { resolveBreakers } from '../decoding/dry_breakers.ts';
import type { Masks } from '../decoding/grammar/masks.ts';
import type { SamplingParams } from '../sampling/params.ts';
import { Sampler } from '../sampling/sampler.ts';
import type { StepTrace } from '../sampling/trace.ts';

/** Stages that remember what was drawn before them; all others are a function of the step alone. */
export function hasMemory(params: SamplingParams): boolean {
  const on = (stage: 'mirostat' | 'adaptive_p'): boolean =>
    params.order.includes(stage) && !params.off.includes(stage);
  return (on('mirostat') && params.mirostat > 0) || (on('adaptive_p') && params.adaptiveTarget >= 0);
}

export function lineSampler(params: SamplingParams, tokenizer: Tokenizer, stream: number): Sampler {
  return new Sampler(params, {
    vocabularySize: tokenizer.vocabularySize,
    stream,
    dryBreakers: resolveBreakers(params.dryBreakers, tokenizer),
  });
}

/**
 * The trace of one position.
 * @param logits raw logits that predict the token at the position
 * @param earlier logits of the output positions before it, needed where the chain remembers; else empty
 * @param masks what a grammar allowed at each of them and at the position; empty where there is none
 */
export function traceAt(
  sampler: Sampler,
  before: readonly TokenId[],
  logits: Float32Array,
  earlier: readonly Float32Array[],
  masks: Masks = [],
): StepTrace {
  const history = Int32Array.from(before);
  earlier.forEach((row, index) => {
    const position = before.length - earlier.length + index;
    sampler.sample(row, { history: history.subarray(0, position), position, allowed: masks[index] ?? null });
    sampler.accept(history[position]!);
  });
  sampler.sample(logits, { history, position: before.length, allowed: masks[earlier.length] ?? null });
  return sampler.trace();
}
