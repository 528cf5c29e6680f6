import type { Architecture } from '../architecture.ts';

/** Qwen2 and 2.5 (Yang et al. 2024): as llama, with biases on q, k, v. */
export const qwen2: Architecture = {
  name: 'qwen2',
  norm: 'rms',
  rope: 'halves',
  activation: 'swiglu',
  qkNorm: false,
};
