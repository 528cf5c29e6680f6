import type { SamplingParams } from '../params.ts';
import { uniform } from '../rng.ts';
import { stateless, type Stage } from './stage.ts';

/**
 * Exclude top choices (p-e-w, oobabooga/text-generation-webui pull request 6335): with the given probability, removes
 * every token at or above the threshold except the least likely of them. Has its own random number, so that the draw's
 * is the same whether it strikes or not.
 */
export function xtc(params: SamplingParams, stream: number): Stage | null {
  const { xtcProbability, xtcThreshold, minKeep, seed } = params;
  if (xtcProbability <= 0 || xtcThreshold > 0.5) return null;
  return stateless('xtc', (candidates, { position }) => {
    const { ids, count } = candidates;
    if (count < 2 || uniform(seed, position, stream, 'xtc') >= xtcProbability) return {};
    const total = candidates.total();
    const weights = candidates.weights();
    const bound = xtcThreshold * total;
    let likely = 0;
    for (let ordered = 64; likely < count; ordered *= 8) {
      candidates.sortFirst(ordered);
      const end = Math.min(ordered, count);
      while (likely < end && weights[ids[likely]!]! >= bound) likely++;
      if (likely < end) break;
    }
    const removed = likely - 1;
    if (removed < 1 || count - removed < minKeep) return {};
    const survivor = weights[ids[removed]!]! / total;
    candidates.removeTop(removed);
    return { cut: { quantity: 'probability-above', value: survivor } };
  });
}
