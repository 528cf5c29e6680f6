import type { Card } from '../card.ts';

export const cache: Card = {
  id: 'cache',
  title: 'Prefill, decode and the cache',
  idea: 'Prefill reads the whole prompt at once and keeps what it computed in the KV cache, in pages of 32 tokens. Decode then adds one token per pass. These four lanes share a prompt of 69 tokens and write 32 each.',
  question: 'A lane of 101 tokens needs 4 pages. How many do the four lanes hold together?',
  choices: ['4 pages', '10 pages', '16 pages'],
  right: 1,
  answer:
    'The 2 full pages of the prompt are read once and shared. Each lane adds 2 pages of its own, so there are 10, and 6 are saved. The line below the texts says so, and that 128 tokens took only 31 passes after the prefill.',
  task: 'Write a longer prompt, and press Run: it saves more pages.',
  control: '#prompt',
  run: {
    prompt:
      'Once upon a time, there was a little girl named Lily. She lived in a small house near the forest with her mom and her dad. Every morning Lily put on her red boots, took her basket and went outside to look for berries. One day, she saw a big brown bear behind a tree. The bear looked sad.',
    lanes: [{ seed: 1 }, { seed: 2 }, { seed: 3 }, { seed: 4 }],
    maxTokens: 32,
    page: 'compare',
    selected: 0,
  },
};
