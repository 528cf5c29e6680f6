/**
 * The differences between architectures, as data. There is one forward pass (forward.ts), and it reads them. To add an
 * architecture, add a file to architectures/ and a line to its index.
 * Biases, per-head norms and a separate output matrix are used if their tensors exist.
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
