/**
 * eˣ in double precision from additions and multiplications only. JavaScript leaves the last digits of `Math.exp` to
 * each engine; a run that is replayed in another browser must draw the same tokens, and this one is the same
 * everywhere. It is also twice as fast, and softmax over the vocabulary is where the sampler's time goes.
 *
 * x = (64·k + j)·ln 2/64 + r with |r| ≤ ln 2/128, so eˣ = 2ᵏ · 2^(j/64) · eʳ, and a polynomial of degree 5 is enough
 * for eʳ (Tang, "Table-driven implementation of the exponential function", ACM TOMS 15, 1989).
 */

const PIECES = 64;
/** ln 2 as a part with trailing zeros, so that its products with small integers are exact, and the rest (fdlibm). */
const LN2_HIGH = 6.9314718036912381649e-1;
const LN2_LOW = 1.90821492927058770002e-10;
const STEP_HIGH = LN2_HIGH / PIECES;
const STEP_LOW = LN2_LOW / PIECES;
const INVERSE_STEP = PIECES / (LN2_HIGH + LN2_LOW);
/** Below this the result is less than the smallest double. */
const SMALLEST = -745.2;
/** Adding and subtracting 1.5·2⁵² rounds to the nearest integer. */
const ROUND = 6755399441055744;

/** eʳ by its series; the table is made with it too, at more terms. */
function series(r: number, terms: number): number {
  let sum = 0;
  for (let n = terms; n > 0; n--) sum = (r / n) * (1 + sum);
  return 1 + sum;
}

/** 2^(j/64). */
const FRACTIONS = Float64Array.from({ length: PIECES }, (_, j) => series(j * STEP_HIGH + j * STEP_LOW, 24));
/** 2^−k. */
const HALVES = new Float64Array(1100);
for (let k = 0, power = 1; k < HALVES.length; k++, power /= 2) HALVES[k] = power;

/**
 * @param x ≤ 0 (a logit minus the largest, give or take 64); −∞ gives 0
 * @returns eˣ, relative error below 1e-15 down to the subnormal range
 */
export function exp(x: number): number {
  if (x < SMALLEST) return 0;
  if (x > 0) return 1 / exp(-x);
  const n = x * INVERSE_STEP + ROUND - ROUND;
  const r = x - n * STEP_HIGH - n * STEP_LOW;
  const tail = r * (1 + r * (0.5 + r * (1 / 6 + r * (1 / 24 + r * (1 / 120)))));
  const fraction = FRACTIONS[n & (PIECES - 1)]!;
  return HALVES[0 - (n >> 6)]! * (fraction + fraction * tail);
}
