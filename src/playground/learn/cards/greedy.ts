import type { Card } from '../card.ts';

export const greedy: Card = {
  id: 'greedy',
  title: 'Greedy is not the likeliest text',
  idea: 'A beam search follows the 3 best texts at once. Each box is a token with its logprob; the logprobs of a text add up, and nearer to 0 is likelier.',
  question: 'Greedy decoding takes the best token at each step. Does it find the likeliest text?',
  choices: ['Always', 'Not always'],
  right: 1,
  answer:
    'The table has both: greedy reaches −5.85, the best beam −5.20. Greedy takes “girl” (38 %) before “boy” (37 %). But the name after “boy” is almost certain, and the one after “girl” is not: a worse token led to a better text.',
  task: 'Set one beam, which is greedy decoding, and press Run.',
  control: '[aria-label="Beams"]',
  run: {
    prompt: 'Once upon a time',
    method: { kind: 'beam', width: 3, lengthPenalty: 0 },
    maxTokens: 14,
    page: 'compare',
    selected: 5,
  },
};
