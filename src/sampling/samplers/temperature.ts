import { MOST_EXACT, type Candidates } from '../candidates.ts';
import type { SamplingParams } from '../params.ts';
import { stateless, type Stage, type StageNote } from './stage.ts';

/**
 * Divides the logits by T; T ≤ 0 leaves the first of the most likely alone. With a dynamic range δ > 0 (Zhu et al.,
 * "Hot or cold? …", 2023, in llama.cpp's form), T moves between T − δ and T + δ with the entropy of the candidates.
 * Neutral at T = 1 and δ = 0.
 */
export function temperature(params: SamplingParams): Stage | null {
  const { temperature: fixed, dynatempRange, dynatempExponent } = params;
  if (dynatempRange <= 0) {
    return fixed === 1 ? null : stateless('temperature', (candidates) => heat(candidates, fixed));
  }
  const low = Math.max(0, fixed - dynatempRange);
  const high = fixed + dynatempRange;
  return stateless('temperature', (candidates) => {
    if (candidates.count <= 1) return { temperature: fixed };
    const entropy = candidates.entropy();
    const share = Math.min(1, entropy / Math.log(candidates.count));
    return { ...heat(candidates, low + (high - low) * share ** dynatempExponent), entropy };
  });
}

function heat(candidates: Candidates, t: number): StageNote {
  const max = candidates.maxLogit;
  // A temperature so small that the best logit overflows is 0 for every purpose.
  if (t <= 0 || !Number.isFinite(max / t)) {
    candidates.keepTop(1);
    return { temperature: 0, cut: { quantity: 'logit', value: max } };
  }
  // All that counts is how far the others lie below the best.
  candidates.divide(t, Math.abs(max / t) > MOST_EXACT ? max : 0);
  return { temperature: t };
}
