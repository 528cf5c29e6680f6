import { stateless, type Stage } from './stage.ts';

/**
 * Locally typical sampling (Meister et al., 2022): keeps the tokens whose surprisal is nearest to the entropy, until
 * their mass exceeds p. Neutral for p ≥ 1.
 */
export function typicalP(p: number, minKeep: number): Stage | null {
  if (p >= 1) return null;
  return stateless('typical_p', (candidates) => {
    const entropy = candidates.entropy();
    const last = candidates.keepByKey((surprisal) => -Math.abs(surprisal - entropy), p, minKeep);
    return { entropy, cut: { quantity: 'typicality', value: -last } };
  });
}
