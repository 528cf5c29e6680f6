/** Prompts to begin with, in words that a small story model knows. */
export interface PromptPreset {
  readonly id: string;
  readonly label: string;
  readonly prompt: string;
}

export const PROMPT_PRESETS: readonly PromptPreset[] = [
  { id: 'story', label: 'Story opening', prompt: 'Once upon a time' },
  {
    id: 'odd-story',
    label: 'Story from the middle',
    prompt: 'The robot looked at the sea and',
  },
  { id: 'zero-shot', label: 'Zero-shot', prompt: 'The opposite of hot is' },
  { id: 'one-shot', label: 'One-shot', prompt: 'The opposite of big is small.\nThe opposite of hot is' },
  {
    id: 'few-shot',
    label: 'Few-shot',
    prompt:
      'The opposite of big is small.\nThe opposite of happy is sad.\nThe opposite of up is down.\nThe opposite of hot is',
  },
  {
    id: 'yes-no',
    label: 'Yes or no',
    prompt: '"Can I go to the park?" asked Tom. His mom smiled and said, "',
  },
  { id: 'list', label: 'List', prompt: 'Lily put three things in her bag: a ball, a' },
  { id: 'format', label: 'Format', prompt: 'Name: Tom\nAge: 5\nLikes: cars\n\nName: Lily\nAge:' },
];
