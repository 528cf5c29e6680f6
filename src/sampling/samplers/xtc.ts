import { uniform } from '../rng.ts';
import { defineStage, type NumbersOf } from './definition.ts';
import type { SharedNumbers } from './shared.ts';
import { stateless, type ChainContext, type Stage } from './stage.ts';

export const definition = defineStage({
  name: 'xtc',
  label: 'XTC',
  help: 'Now and then removes all likely tokens except the least likely of them, for less expected text.',
  kind: 'cut',
  withMirostat: false,
  forBeams: false,
  parameters: {
    xtcProbability: {
      label: 'XTC probability',
      range: [0, 1],
      step: 0.01,
      default: 0,
      neutral: 0,
      start: 0.5,
      help: 'The chance that XTC cuts at a step. It removes all likely tokens except the least likely of them.',
    },
    xtcThreshold: {
      label: 'XTC threshold',
      range: [0, 1],
      slider: [0, 0.5],
      step: 0.01,
      default: 0.1,
      neutral: null,
      help: 'A token at least this likely counts as likely for XTC; above 0.5 nothing is ever cut.',
    },
  },
  idle: ({ xtcProbability, xtcThreshold }) => xtcProbability <= 0 || xtcThreshold > 0.5,
});

/**
 * Exclude top choices (p-e-w, oobabooga/text-generation-webui pull request 6335): with the given probability, removes
 * every token at or above the threshold except the least likely of them. XTC has its own random number, so the draw's number
 * is the same whether XTC strikes or not.
 */
export function build(
  params: NumbersOf<typeof definition> & SharedNumbers,
  { stream = 0 }: ChainContext,
): Stage | null {
  const { xtcProbability, xtcThreshold, minKeep, seed } = params;
  if (definition.idle(params)) return null;
  return stateless((candidates, { position }) => {
    const { ids, count } = candidates;
    if (count < 2 || uniform(seed, position, stream, 'xtc') >= xtcProbability) return {};
    const total = candidates.total();
    const weights = candidates.weights();
    const bound = xtcThreshold * total;
    let likely = 0;
    for (let ordered = 64; likely < count; ordered *= 8) {
      candidates.sortFirst(ordered);
      const end = Math.min(ordered, count);
      while (likely < end && weights[ids[likely]!]! >= bound) likely++;
      if (likely < end) break;
    }
    const removed = likely - 1;
    if (removed < 1 || count - removed < minKeep) return {};
    const survivor = weights[ids[removed]!]! / total;
    candidates.removeTop(removed);
    return { cut: { quantity: 'probability-above', value: survivor } };
  });
}
