/** Ways to read a `StepTrace`. None changes it: charts choose what they show after the maths. */
import type { CutQuantity } from './samplers/stage.ts';
import type { StageSummary, StepTrace, TokenFate } from './trace.ts';
import { rankOf, topTokens } from './ordering/ranking.ts';
import { exp } from './exp.ts';

export function rawLogprob(trace: StepTrace, token: number): number {
  return trace.raw[token]! - trace.rawLogNormaliser;
}

/** −∞ when a stage removed the token. */
export function finalLogprob(trace: StepTrace, token: number): number {
  return trace.fate[token] === 0 ? trace.logits[token]! - trace.finalLogNormaliser : -Infinity;
}

/** Share of the mass that the grammar removed; null if no grammar ran. */
export function maskedMass(stages: readonly StageSummary[]): number | null {
  return stages.find(({ stage }) => stage === 'grammar')?.massRemoved ?? null;
}

/**
 * What became of a token and, if a stage removed it, by how much it missed the bound.
 * @param rank among the raw logits; callers that know it save a sweep
 */
export function tokenFate(trace: StepTrace, token: number, rank = rankOf(trace.raw, token)): TokenFate {
  const stage = trace.stages[trace.fate[token]! - 1];
  return {
    token,
    rawLogprob: rawLogprob(trace, token),
    rank,
    finalLogprob: finalLogprob(trace, token),
    removedBy: stage?.stage ?? null,
    missed:
      stage?.cut && stage.cut.quantity !== 'forbidden'
        ? {
            quantity: stage.cut.quantity,
            value: measured(
              stage.cut.quantity,
              trace.logits[token]!,
              stage.logNormaliser,
              stage.entropy ?? 0,
            ),
            bound: stage.cut.value,
          }
        : null,
  };
}

function measured(quantity: CutQuantity, logit: number, logNormaliser: number, entropy: number): number {
  switch (quantity) {
    case 'logit':
    case 'forbidden':
      return logit;
    case 'probability':
    case 'probability-above':
      return exp(logit - logNormaliser);
    case 'typicality':
      return Math.abs(logNormaliser - logit - entropy);
    case 'bits':
      return (logNormaliser - logit) / Math.LN2;
  }
}

/** The `n` most likely tokens before (`raw`) or after (`final`) the chain, best first. `final` lists living tokens only. */
export function topOf(trace: StepTrace, n: number, by: 'raw' | 'final'): Uint32Array {
  if (by === 'raw') return topTokens(trace.raw, n);
  const { fate, logits } = trace;
  const living = new Float32Array(logits.length).fill(-Infinity);
  for (let id = 0; id < living.length; id++) if (fate[id] === 0) living[id] = logits[id]!;
  return topTokens(living, Math.min(n, trace.kept));
}
