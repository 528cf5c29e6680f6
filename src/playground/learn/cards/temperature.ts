import type { Card } from '../card.ts';

export const temperature: Card = {
  id: 'temperature',
  title: 'Temperature, with the same luck',
  idea: 'Two lanes read the same prompt, a at temperature 0.4 and b at 1.2. They draw with the same random numbers u, so only the temperature differs.',
  question: 'The next random number is u = 0.712 in both lanes. What will they draw?',
  choices: ['The same token', 'Two different tokens'],
  right: 1,
  answer:
    'In lane a “little” holds the shares from 0 to 0.982, so u falls on it. In lane b heat has shrunk “little” to 0.684, and u = 0.712 falls on the next one, “big”. The texts part here.',
  task: 'Set another temperature for lane b, and press Run.',
  control: '[aria-label="Temperature of lane b"]',
  run: {
    prompt: 'Once upon a time',
    params: { seed: 8 },
    lanes: [{ temperature: 0.4 }, { temperature: 1.2 }],
    maxTokens: 48,
    page: 'compare',
    shown: 4,
    selected: 4,
  },
};
