import { defineStage } from './definition.ts';
import { stateless, type Stage } from './stage.ts';

export const definition = defineStage({
  name: 'logit_bias',
  label: 'Logit bias',
  help: 'Raises, lowers or bans the tokens you name.',
  kind: 'adjust',
  withMirostat: true,
  forBeams: true,
  llamaCpp: null,
  parameters: {},
  idle: ({ logitBias }: { readonly logitBias?: readonly unknown[] }) => !logitBias?.length,
});

/** A number added to one token's logit; −∞ (or ≤ −100 in an OpenAI-style request) bans the token. */
export interface LogitBias {
  readonly token: number;
  readonly bias: number;
}

/** Adds each bias to its token's logit; −∞ removes the token. A token that is named twice gets both. */
export function build(params: { readonly logitBias: readonly LogitBias[] }): Stage | null {
  if (definition.idle(params)) return null;
  const { logitBias: biases } = params;
  const banned = biases.filter(({ bias }) => bias === -Infinity).map(({ token }) => token);
  const finite = biases.filter(({ bias }) => bias !== -Infinity && bias !== 0);
  return stateless((candidates) => {
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
