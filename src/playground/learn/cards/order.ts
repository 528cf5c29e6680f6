import { TEMPERATURE_FIRST_ORDER } from '../../../sampling/params.ts';
import type { Card } from '../card.ts';

export const order: Card = {
  id: 'order',
  title: 'Why order matters',
  idea: 'Both lanes have temperature 1.8, min-p 0.1 and the same random numbers. Lane a cuts with min-p before the temperature; lane b heats first and then cuts.',
  question: 'Which lane keeps more candidates?',
  choices: ['Lane a, which cuts first', 'Lane b, which heats first', 'Both keep the same'],
  right: 1,
  answer:
    'Heat makes the probabilities more alike, so more of them pass the cut. Here lane a keeps 2 candidates and lane b keeps 7: it drew “small”, which lane a had removed.',
  task: 'Drag the temperature to another place in the chain, or move it with the arrow keys, and press Run.',
  control: 'button[aria-label^="Move Temperature"]',
  run: {
    prompt: 'Once upon a time',
    params: { seed: 6, topK: 0, topP: 1, minP: 0.1, temperature: 1.8 },
    lanes: [{}, { order: TEMPERATURE_FIRST_ORDER }],
    maxTokens: 40,
    page: 'compare',
    shown: 1,
    selected: 4,
  },
};
