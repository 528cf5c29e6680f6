import type { Card } from '../card.ts';

export const grammar: Card = {
  id: 'grammar',
  title: 'What a grammar forbids',
  idea: 'The output must be “Yes” or “No”, a comma, a space and a name. At each step the grammar removes every token that cannot continue such a text; removed tokens are grey.',
  question: 'For the model, “you” has nearly two thirds of the probability. What can come here?',
  choices: ['“you”, the likeliest', 'Only the beginning of a name', 'Nothing, the text ends'],
  right: 1,
  answer:
    'The grammar forbids “you” and more than 99 % of all probability here. What is left is scaled up to 100 %, and so “Tom” comes, which was only 11th for the model.',
  task: 'Change the names in the pattern, and press Run.',
  control: '[aria-label="What the output must be"]',
  run: {
    prompt: '"Can I go to the park?" asked Tom. His mom smiled and said, "',
    params: { seed: 1, grammar: { kind: 'regex', source: '(Yes|No), (Tom|Lily|Ben)[.!]"' } },
    maxTokens: 12,
    page: 'sample',
    shown: 2,
    selected: 2,
  },
};
