import type { Card } from '../card.ts';

export const dry: Card = {
  id: 'dry',
  title: 'A loop, cured by DRY',
  idea: 'Both lanes always take the most likely token (temperature 0). Lane b also has DRY: it lowers the tokens that would repeat what the text already said.',
  question: 'Lane a has begun to say the same again. What will DRY do in lane b?',
  choices: [
    'Ban every word that was used',
    'Let the text part before it repeats a whole sentence',
    'End the text',
  ],
  right: 1,
  answer:
    'Lane a says “He was so excited to see all the animals.” three times. Where it would begin again, DRY makes the token that continues the repeat less likely, and lane b goes on with “, but he couldn’t find them”.',
  task: 'Set the DRY multiplier of lane b to 0, and press Run: the loop comes back.',
  control: '[aria-label="DRY multiplier of lane b"]',
  run: {
    prompt: 'The dog ran and ran and ran',
    params: { temperature: 0 },
    lanes: [{}, { dryMultiplier: 0.8 }],
    maxTokens: 96,
    page: 'compare',
    shown: 20,
    selected: 20,
  },
};
