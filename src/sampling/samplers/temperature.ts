import type { Candidates } from '../candidates.ts';
import { defineStage, type NumbersOf } from './definition.ts';
import { stateless, type Stage, type StageNote } from './stage.ts';

export const definition = defineStage({
  name: 'temperature',
  label: 'Temperature',
  help: 'Divides the logits: below 1 sharpens the distribution, above 1 flattens it, 0 takes the best.',
  kind: 'scale',
  withMirostat: true,
  forBeams: false,
  parameters: {
    temperature: {
      range: [0, 100],
      slider: [0, 2],
      step: 0.01,
      default: 0.8,
      neutral: 1,
      openai: 'temperature',
      help: 'Divides every logit. Below 1 the likely tokens gain, above 1 the unlikely ones do; 0 always takes the most likely.',
    },
    dynatempRange: {
      label: 'Dynamic range',
      range: [0, 100],
      slider: [0, 2],
      step: 0.01,
      default: 0,
      neutral: 0,
      help: 'Lets the temperature move by this much either way: down when the model is sure, up when it is not.',
    },
    dynatempExponent: {
      label: 'Dynamic exponent',
      range: [0.01, 100],
      slider: [0.1, 10],
      step: 0.01,
      scale: 'log',
      default: 1,
      neutral: null,
      help: 'Bends how entropy becomes temperature: above 1 only a very unsure model is heated.',
    },
  },
  idle: ({ temperature, dynatempRange }) => temperature === 1 && dynatempRange <= 0,
});

/**
 * Divides the logits by T; T ≤ 0 keeps only the most likely token. With a dynamic range δ > 0 (Zhu et al.,
 * "Hot or cold? …", 2023, in llama.cpp's form), T moves between T − δ and T + δ with the entropy of the candidates.
 * Neutral at T = 1 and δ = 0.
 */
export function build(params: NumbersOf<typeof definition>): Stage | null {
  if (definition.idle(params)) return null;
  const { temperature: fixed, dynatempRange, dynatempExponent } = params;
  if (dynatempRange <= 0) return stateless((candidates) => heat(candidates, fixed));
  const low = Math.max(0, fixed - dynatempRange);
  const high = fixed + dynatempRange;
  return stateless((candidates) => {
    if (candidates.count <= 1) return { temperature: fixed };
    const entropy = candidates.entropy();
    const share = Math.min(1, entropy / Math.log(candidates.count));
    return { ...heat(candidates, low + (high - low) * share ** dynatempExponent), entropy };
  });
}

function heat(candidates: Candidates, t: number): StageNote {
  const max = candidates.maxLogit;
  // A temperature so small that the best logit overflows counts as 0.
  if (t <= 0 || !Number.isFinite(max / t)) {
    candidates.keepTop(1);
    return { temperature: 0, cut: { quantity: 'logit', value: max } };
  }
  candidates.divide(t);
  return { temperature: t };
}
