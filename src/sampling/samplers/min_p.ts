import { defineStage, type NumbersOf } from './definition.ts';
import type { SharedNumbers } from './shared.ts';
import { stateless, type Stage } from './stage.ts';

export const definition = defineStage({
  name: 'min_p',
  label: 'Min-p',
  help: 'Keeps tokens at least min-p times as likely as the best one.',
  kind: 'cut',
  withMirostat: false,
  forBeams: true,
  parameters: {
    minP: {
      range: [0, 2],
      slider: [0, 1],
      step: 0.01,
      default: 0.05,
      neutral: 0,
      help: 'Removes tokens less likely than this share of the most likely one; 0 keeps all.',
    },
  },
  idle: ({ minP }) => minP <= 0,
});

/**
 * Removes tokens less likely than `p` times the most likely one (Nguyen et al., 2024). The most likely stays, whatever p is.
 * Neutral for p ≤ 0.
 */
export function build(params: NumbersOf<typeof definition> & SharedNumbers): Stage | null {
  if (definition.idle(params)) return null;
  const { minP: p, minKeep } = params;
  const distance = Math.log(p);
  return stateless((candidates) => {
    const bound = candidates.maxLogit + distance;
    candidates.keepLogits(bound, Math.max(1, minKeep));
    return { cut: { quantity: 'logit', value: bound } };
  });
}
