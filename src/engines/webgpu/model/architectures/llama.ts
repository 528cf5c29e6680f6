import type { Architecture } from '../architecture.ts';

/** Llama 1–3, SmolLM2, TinyLlama, Mistral (Touvron et al. 2023). Queries and keys are permuted in the file to adjacent pairs. */
export const llama: Architecture = {
  name: 'llama',
  norm: 'rms',
  rope: 'pairs',
  activation: 'swiglu',
  qkNorm: false,
};
