import type { Architecture } from '../architecture.ts';

/** Qwen3 (Yang et al. 2025): no biases; query and key heads are normalised. */
export const qwen3: Architecture = {
  name: 'qwen3',
  norm: 'rms',
  rope: 'halves',
  activation: 'swiglu',
  qkNorm: true,
};
