import { defineStage, type NumbersOf } from './definition.ts';
import { stateless, type Stage } from './stage.ts';

export const definition = defineStage({
  name: 'top_k',
  label: 'Top-k',
  help: 'Keeps the k most likely tokens.',
  kind: 'cut',
  withMirostat: false,
  forBeams: true,
  parameters: {
    topK: {
      range: [0, 1_000_000],
      slider: [0, 200],
      step: 1,
      default: 40,
      neutral: 0,
      help: 'Keeps the k most likely tokens, however likely they are; 0 keeps all.',
    },
  },
  idle: ({ topK }) => topK <= 0,
});

/** Keeps the k largest logits, ties by token id; neutral for k ≤ 0. It ignores `min_keep`, as in llama.cpp. */
export function build(params: NumbersOf<typeof definition>): Stage | null {
  if (definition.idle(params)) return null;
  const { topK: k } = params;
  return stateless((candidates) => {
    if (k >= candidates.count) return {};
    candidates.keepTop(k);
    return { cut: { quantity: 'logit', value: candidates.logits[candidates.ids[k - 1]!]! } };
  });
}
