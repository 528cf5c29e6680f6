import type { Card } from '../card.ts';

export const bestOfN: Card = {
  id: 'best-of-n',
  title: 'Best of N, against N',
  idea: 'Best of N draws N texts and keeps the one with the highest average logprob. Here are 8. The first text has −0.650; the best of the first two has −0.589.',
  question: 'What do more samples bring?',
  choices: ['The same gain each time', 'Less and less', 'The score may fall'],
  right: 1,
  answer:
    'The best of 4 has −0.567 and the best of 8 has −0.563. Each doubling costs twice as much and brings less: 0.061, then 0.022, then 0.004. The ranking below the texts shows all eight.',
  task: 'Set another number of samples, and press Run.',
  control: '[aria-label="Samples"]',
  run: {
    prompt: 'Once upon a time',
    params: { seed: 1 },
    method: { kind: 'best-of-n', samples: 8, score: 'average-logprob' },
    maxTokens: 40,
    page: 'compare',
    selected: 0,
  },
};
