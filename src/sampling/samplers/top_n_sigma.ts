import { defineStage, type NumbersOf } from './definition.ts';
import { stateless, type Stage } from './stage.ts';

export const definition = defineStage({
  name: 'top_n_sigma',
  label: 'Top-nσ',
  help: 'Keeps logits within n standard deviations of the best one, whatever the temperature before it.',
  kind: 'cut',
  withMirostat: false,
  forBeams: true,
  parameters: {
    topNSigma: {
      range: [-1, 100],
      slider: [0, 5],
      step: 0.01,
      default: -1,
      neutral: -1,
      start: 1,
      help: 'Removes logits more than n standard deviations below the highest; 0 or less keeps all.',
    },
  },
  idle: ({ topNSigma }) => topNSigma <= 0,
});

/**
 * Removes logits below max − n·σ, where σ is the population standard deviation of the candidates' logits
 * (Tang et al., "Top-nσ: not all logits are you need", 2024). Neutral for n ≤ 0.
 */
export function build(params: NumbersOf<typeof definition>): Stage | null {
  if (definition.idle(params)) return null;
  const { topNSigma: n } = params;
  return stateless((candidates) => {
    const { ids, logits, count } = candidates;
    if (count <= 1) return {};
    // Measured from the maximum, so that a large common offset costs no digits.
    const max = candidates.maxLogit;
    let sum = 0;
    for (let i = 0; i < count; i++) sum += logits[ids[i]!]! - max;
    const mean = sum / count;
    let squares = 0;
    for (let i = 0; i < count; i++) {
      const difference = logits[ids[i]!]! - max - mean;
      squares += difference * difference;
    }
    const bound = max - n * Math.sqrt(squares / count);
    candidates.keepLogits(bound, 1);
    return { cut: { quantity: 'logit', value: bound } };
  });
}
