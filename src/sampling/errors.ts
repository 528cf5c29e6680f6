export type SamplingErrorCode =
  /** The engine gave a logit that is NaN or +∞. */
  | 'bad-logit'
  /** A stage left no token to draw. */
  | 'no-candidates'
  /** A parameter is not a number, out of its range, or contradicts another. */
  | 'bad-parameter';

/** Each message is one sentence for the page: it names the thing, its value, and the way out. */
export class SamplingError extends Error {
  override readonly name = 'SamplingError';
  constructor(
    readonly code: SamplingErrorCode,
    message: string,
  ) {
    super(message);
  }
}
