import { stateless, type Stage } from './stage.ts';

/**
 * Nucleus sampling (Holtzman et al., 2020): keeps the most likely tokens until their mass reaches p. Neutral for p ≥ 1;
 * p = 0 keeps one.
 */
export function topP(p: number, minKeep: number): Stage | null {
  if (p >= 1) return null;
  return stateless('top_p', (candidates) => {
    let kept = candidates.reach(p, false);
    if (kept < minKeep) {
      candidates.sortFirst(minKeep);
      kept = Math.min(minKeep, candidates.count);
    }
    const bound = candidates.probability(candidates.ids[kept - 1]!);
    candidates.keepFront(kept);
    return { cut: { quantity: 'probability', value: bound } };
  });
}
