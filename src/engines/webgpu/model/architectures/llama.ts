import type { Architecture } from '../architecture.ts';

/** Llama 1–3, SmolLM2, TinyLlama, Mistral (Touvron et al. 2023). The file permutes queries and keys to adjacent pairs. */
export const llama: Architecture = {
  name: 'llama',
  norm: 'rms',
  rope: 'pairs',
  activation: 'swiglu',
  qkNorm: false,
};
