import type { Card } from '../card.ts';

export const cuts: Card = {
  id: 'cuts',
  title: 'Top-k against min-p',
  idea: 'Lane a keeps the 10 most likely tokens (top-k). Lane b keeps every token with at least 5 % of the probability of the best one (min-p).',
  question: 'After “a little” almost any animal may follow. How many tokens does min-p keep there?',
  choices: ['Fewer than 10', 'Exactly 10', 'More than 10'],
  right: 2,
  answer:
    'No animal stands out, so min-p keeps 27 tokens and top-k cuts at 10. One token earlier the model was surer: at “little” min-p kept 3, and top-k still kept 10.',
  task: 'Choose “kept” for the timeline: the line of top-k stays at 10, and that of min-p follows the model.',
  control: 'label:has(> input[value="kept"])',
  run: {
    prompt: 'Once upon a time',
    params: { seed: 12, topP: 1 },
    lanes: [
      { topK: 10, minP: 0 },
      { topK: 0, minP: 0.05 },
    ],
    maxTokens: 40,
    page: 'compare',
    shown: 11,
    selected: 11,
  },
};
