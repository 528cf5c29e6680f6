import { stateless, type Stage } from './stage.ts';

/**
 * Nucleus sampling (Holtzman et al., 2020): keeps the most likely tokens until their mass reaches p. Neutral for p ≥ 1;
 * p = 0 keeps one.
 */
export function topP(p: number, minKeep: number): Stage | null {
  if (p >= 1) return null;
  return stateless('top_p', (candidates) => {
    const { ids, count } = candidates;
    const total = candidates.total();
    const weights = candidates.weights();
    const goal = p * total;
    const atLeast = Math.max(1, minKeep);
    let mass = 0;
    let kept = 0;
    for (let ordered = 64; kept < count && !(kept >= atLeast && mass >= goal); ordered *= 8) {
      candidates.sortFirst(ordered);
      const end = Math.min(ordered, count);
      while (kept < end && !(kept >= atLeast && mass >= goal)) mass += weights[ids[kept++]!]!;
    }
    const bound = weights[ids[kept - 1]!]! / total;
    candidates.keepTop(kept);
    return { cut: { quantity: 'probability', value: bound } };
  });
}
