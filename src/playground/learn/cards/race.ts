import type { Card } from '../card.ts';

export const race: Card = {
  id: 'race',
  title: 'A race for the next token',
  idea: 'The model has read the text so far. Each row is a candidate for the next token: grey is its probability for the model, blue is what the sampler chain leaves of it.',
  question: '“decided” has the longest blue bar. How often will it be the next token?',
  choices: ['Always', 'In most draws', 'In fewer than half of the draws'],
  right: 2,
  answer:
    '“decided” has 37 % after the chain, so another token wins most races. Here the random number drew “wanted”, which has only 4 %.',
  task: 'Press the dice for another seed, then Run: other random numbers, another story.',
  control: '[aria-label="Another seed"]',
  run: {
    prompt: 'Once upon a time there was a little',
    params: { seed: 3 },
    maxTokens: 48,
    page: 'sample',
    shown: 18,
    selected: 18,
  },
};
