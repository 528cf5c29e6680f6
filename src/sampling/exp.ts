/**
 * eˣ in double precision from additions and multiplications only. JavaScript leaves the last digits of `Math.exp` to
 * each engine; a run that is replayed in another browser must draw the same tokens, and this one is the same
 * everywhere. It is also twice as fast, and softmax over the vocabulary is where the sampler's time goes.
 *
 * x = (256·k + j)·ln 2/256 + r with |r| ≤ ln 2/512, so eˣ = 2ᵏ · 2^(j/256) · eʳ, and a polynomial of degree 4 is enough
 * for eʳ (Tang, "Table-driven implementation of the exponential function", ACM TOMS 15, 1989).
 */

const PIECE_BITS = 8;
const PIECES = 1 << PIECE_BITS;
/** ln 2 as a part with trailing zeros, so that its products with small integers are exact, and the rest (fdlibm). */
const LN2_HIGH = 6.9314718036912381649e-1;
const LN2_LOW = 1.90821492927058770002e-10;
const STEP_HIGH = LN2_HIGH / PIECES;
const STEP_LOW = LN2_LOW / PIECES;
const INVERSE_STEP = PIECES / (LN2_HIGH + LN2_LOW);
/** Below this eˣ is less than the smallest double. */
export const SMALLEST = -745.2;
/** Adding and subtracting 1.5·2⁵² rounds to the nearest integer. */
const ROUND = 6755399441055744;

/** 1 + r + r²/2! + … */
function series(r: number, terms: number): number {
  let sum = 0;
  for (let n = terms; n > 0; n--) sum = (r / n) * (1 + sum);
  return 1 + sum;
}

/** 2^(j/256). */
const FRACTIONS = Float64Array.from({ length: PIECES }, (_, j) => series(j * STEP_HIGH + j * STEP_LOW, 24));
/** POWERS[LARGEST − k] = 2ᵏ. */
const LARGEST = 128;
const POWERS = new Float64Array(LARGEST + 1080);
for (let i = 0, power = 2 ** LARGEST; i < POWERS.length; i++, power /= 2) POWERS[i] = power;

/**
 * @param x at most 88 (here a logit minus the largest, give or take); −∞ gives 0
 * @returns eˣ, relative error below 1e-15 down to the subnormal range
 */
export function exp(x: number): number {
  return x < SMALLEST ? 0 : expInRange(x);
}

/** `exp` for x ≥ `SMALLEST`, for loops that have looked already. */
export function expInRange(x: number): number {
  const n = x * INVERSE_STEP + ROUND - ROUND;
  const r = x - n * STEP_HIGH - n * STEP_LOW;
  const tail = r * (1 + r * (0.5 + r * (1 / 6 + r * (1 / 24))));
  const step = n | 0;
  const fraction = FRACTIONS[step & (PIECES - 1)]!;
  return POWERS[LARGEST - (step >> PIECE_BITS)]! * (fraction + fraction * tail);
}
