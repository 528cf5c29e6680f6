/**
 * What distinguishes one architecture from the next, as data. The forward pass (forward.ts) reads it; there is one
 * forward pass. Adding an architecture is a file in architectures/ and a line in its index.
 * Biases, per-head norms and a separate output matrix are there when their tensors are.
 */
export interface Architecture {
  /** `general.architecture` in the file, and the prefix of its keys. */
  readonly name: string;
  readonly norm: 'rms' | 'layer';
  /** Which dimensions of a head rotate together: 2i and 2i + 1, or i and i + half; `none` for learned positions. */
  readonly rope: 'pairs' | 'halves' | 'none';
  readonly activation: 'swiglu' | 'gelu';
  /** Query and key heads are RMS-normalised before rotation. */
  readonly qkNorm: boolean;
}
