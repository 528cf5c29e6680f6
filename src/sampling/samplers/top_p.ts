import { defineStage, type NumbersOf } from './definition.ts';
import type { SharedNumbers } from './shared.ts';
import { stateless, type Stage } from './stage.ts';

export const definition = defineStage({
  name: 'top_p',
  label: 'Top-p',
  help: 'Keeps the most likely tokens until their mass reaches p (the nucleus).',
  kind: 'cut',
  withMirostat: false,
  forBeams: true,
  parameters: {
    topP: {
      range: [0, 1],
      step: 0.01,
      default: 0.95,
      neutral: 1,
      openai: 'top_p',
      help: 'Keeps the most likely tokens until together they hold this share of the probability; 1 keeps all.',
    },
  },
  idle: ({ topP }) => topP >= 1,
});

/**
 * Nucleus sampling (Holtzman et al., 2020): keeps the most likely tokens until their mass reaches p. Neutral for p ≥ 1;
 * p = 0 keeps one.
 */
export function build(params: NumbersOf<typeof definition> & SharedNumbers): Stage | null {
  if (definition.idle(params)) return null;
  const { topP: p, minKeep } = params;
  return stateless((candidates) => {
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
