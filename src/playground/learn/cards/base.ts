import type { Card } from '../card.ts';

export const base: Card = {
  id: 'base',
  title: 'Base and instruct',
  idea: 'This small model has only read stories: it is a base model. The prompt is a question.',
  question: 'What will a base model do with a question?',
  choices: ['Answer it', 'Go on with the text', 'Say that it does not know'],
  right: 1,
  answer:
    'It goes on as a story might: “Where is the cap?” A base model continues text. An instruct model was trained further on conversations, and a chat template tells it who speaks, so it answers.',
  task: 'Load a model with “Instruct” in its name, choose Chat beside the prompt, and ask the same question.',
  control: '.masthead [title^="Models"]',
  run: {
    prompt: 'What is the capital of France?',
    params: { seed: 2 },
    maxTokens: 48,
    page: 'sample',
    shown: 0,
    selected: 0,
  },
};
