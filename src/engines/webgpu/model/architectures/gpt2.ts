import type { Architecture } from '../architecture.ts';

/** GPT-2 (Radford et al. 2019): LayerNorm, learned positions, biases everywhere, GELU. */
export const gpt2: Architecture = {
  name: 'gpt2',
  norm: 'layer',
  rope: 'none',
  activation: 'gelu',
  qkNorm: false,
};
