import { sentences } from '../../sentences.ts';
import type { Card } from '../card.ts';

export const languages: Card = {
  id: 'languages',
  title: 'Tokens by language',
  idea: 'A tokenizer cuts a text into the tokens that the model knows. Here is one sentence in several languages, and how many tokens each takes.',
  question: 'Why do some languages need so many more tokens than English?',
  choices: [
    'Their sentences say more',
    'The tokenizer learned its tokens from English',
    'Their alphabets have more letters',
  ],
  right: 1,
  answer:
    'English takes 14 tokens, German 29 and Hindi 122. The tokenizer learned its tokens from English stories. For letters that it never saw it has no token, and takes one per byte: open “its tokens”.',
  task: 'Type a sentence of your own, in any language. That needs the model.',
  control: '[aria-label="Text to tokenise"]',
  run: {
    prompt: sentences[0]!.text,
    typed: Object.fromEntries(
      sentences.map(({ language, text }) => [language, { prompt: text, output: '' }]),
    ),
    page: 'tokens',
    selected: 0,
  },
};
