import type { LogitBias } from '../params.ts';
import { stateless, type Stage } from './stage.ts';

/** Adds each bias to its token's logit; −∞ removes the token. A token named twice gets both. */
export function logitBias(biases: readonly LogitBias[]): Stage | null {
  if (biases.length === 0) return null;
  const banned = biases.filter(({ bias }) => bias === -Infinity).map(({ token }) => token);
  const finite = biases.filter(({ bias }) => bias !== -Infinity && bias !== 0);
  return stateless('logit_bias', (candidates) => {
    let changed = 0;
    for (const { token, bias } of finite) {
      if (candidates.fate[token] !== 0) continue;
      candidates.setLogit(token, candidates.logits[token]! + bias);
      changed++;
    }
    if (changed > 0) candidates.endChanges();
    if (banned.length === 0) return { changed };
    candidates.ban(banned);
    return { changed, cut: { quantity: 'forbidden', value: 0 } };
  });
}
