import { defineStage, type NumbersOf } from './definition.ts';
import { stateless, type Stage } from './stage.ts';

export const definition = defineStage({
  name: 'top_a',
  label: 'Top-a',
  help: 'Keeps tokens at least a · p times as likely as the best one, p being its probability.',
  kind: 'cut',
  later: true,
  withMirostat: false,
  forBeams: true,
  llamaCpp: null,
  parameters: {
    topA: {
      range: [0, 1],
      step: 0.01,
      default: 0,
      neutral: 0,
      start: 0.2,
      llamaCpp: null,
      help: 'Removes tokens less likely than a times the square of the most likely one; 0 keeps all.',
    },
  },
  idle: ({ topA }) => topA <= 0,
});

/**
 * Top-a (BlinkDL, RWKV-LM, README at 4cb363e, "The top-a sampling method"; TopALogitsWarper in KoboldAI and
 * text-generation-webui): removes tokens with p < a · p_max². In logits, with N their normaliser: l < 2 · l_max − N + ln a. The
 * best token stays, since a · p_max ≤ 1. Neutral for a ≤ 0.
 */
export function build(params: NumbersOf<typeof definition>): Stage | null {
  if (definition.idle(params)) return null;
  const distance = Math.log(params.topA);
  return stateless((candidates) => {
    const max = candidates.maxLogit;
    const bound = max + (max - candidates.logNormaliser()) + distance;
    candidates.keepLogits(bound, 1);
    return { cut: { quantity: 'logit', value: bound } };
  });
}
