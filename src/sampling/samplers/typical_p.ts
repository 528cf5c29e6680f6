import { defineStage, type NumbersOf } from './definition.ts';
import type { SharedNumbers } from './shared.ts';
import { stateless, type Stage } from './stage.ts';

export const definition = defineStage({
  name: 'typical_p',
  label: 'Typical-p',
  help: 'Keeps the tokens whose surprise is nearest to the average surprise, until their mass exceeds p.',
  kind: 'cut',
  withMirostat: false,
  forBeams: true,
  llamaCpp: 'typ_p',
  parameters: {
    typicalP: {
      range: [0, 1],
      step: 0.01,
      default: 1,
      neutral: 1,
      start: 0.9,
      help: 'Keeps the tokens whose surprise is nearest to the average until they hold more than this share. It can drop the most likely token.',
    },
  },
  idle: ({ typicalP }) => typicalP >= 1,
});

/**
 * Locally typical sampling (Meister et al., 2022): keeps the tokens whose surprisal is nearest to the entropy, until
 * their mass exceeds p. Neutral for p ≥ 1.
 */
export function build(params: NumbersOf<typeof definition> & SharedNumbers): Stage | null {
  if (definition.idle(params)) return null;
  const { typicalP: p, minKeep } = params;
  return stateless((candidates) => {
    const entropy = candidates.entropy();
    const last = candidates.keepByKey((surprisal) => -Math.abs(surprisal - entropy), p, minKeep);
    return { entropy, cut: { quantity: 'typicality', value: -last } };
  });
}
