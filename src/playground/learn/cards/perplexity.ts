import type { Card } from '../card.ts';

const prompt = 'Once upon a time, there was a little dog.';

export const perplexity: Card = {
  id: 'perplexity',
  title: 'The perplexity of your own sentence',
  idea: 'Nobody drew this sentence: a person wrote it, and the model only scored it. A darker token surprised the model more. Perplexity averages that over the text.',
  question:
    'The model expects “water”. The sentence ends with “moon” instead. What does that do to its perplexity?',
  choices: ['It falls', 'It stays the same', 'It rises'],
  right: 2,
  answer:
    'The model gave “water” 85 %, and “moon” has rank 811. This one word raises the perplexity of the sentence from 32 to 104. The timeline shows it at the last tokens.',
  task: 'Open “Any text”, and type how the sentence should end. That needs the model.',
  control: '[role="tab"][data-value="text"]',
  run: {
    prompt,
    typed: {
      water: { prompt, output: ' He ran to the river and drank the cold water.' },
      moon: { prompt, output: ' He ran to the river and drank the cold moon.' },
    },
    page: 'sample',
    colour: 'surprisal',
    shown: 9,
    selected: 9,
    focus: 1,
  },
};
