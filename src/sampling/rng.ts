/**
 * Randomness as a value: u(seed, position, stream) is Philox4x32-10, a counter-based generator (Salmon, Moraes, Dror,
 * Shaw: "Parallel random numbers: as easy as 1, 2, 3", SC 2011). Nothing is drawn "next": each number is a function of
 * its place, so lanes with one seed share their luck, a step re-derived is the same step, and a link replays anywhere.
 *
 * key = (seed mod 2³², ⌊seed / 2³²⌋), counter = (position, 2·stream + purpose, 0, 0); u takes the first two words of
 * the block: (w₀ >>> 5)·2²⁶ + (w₁ >>> 6), over 2⁵³.
 */

const ROUNDS = 10;
const MULTIPLIER_0 = 0xd2511f53;
const MULTIPLIER_1 = 0xcd9e8d57;
const WEYL_0 = 0x9e3779b9;
const WEYL_1 = 0xbb67ae85;

/** What a number is for: the draw itself, or whether XTC strikes. */
export type Purpose = 'draw' | 'xtc';

/** High 32 bits of the product of two unsigned 32-bit integers. */
function multiplyHigh(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16);
  const carry = (middle & 0xffff) + aLow * bHigh;
  return (aHigh * bHigh + Math.floor(middle / 65536) + Math.floor(carry / 65536)) >>> 0;
}

/** One block of Philox4x32-10: four 32-bit words from a counter of four and a key of two. */
export function philox(
  counter: readonly [number, number, number, number],
  key: readonly [number, number],
): [number, number, number, number] {
  let [c0, c1, c2, c3] = counter;
  let [k0, k1] = key;
  for (let round = 0; round < ROUNDS; round++) {
    const high0 = multiplyHigh(MULTIPLIER_0, c0);
    const high1 = multiplyHigh(MULTIPLIER_1, c2);
    const low0 = Math.imul(MULTIPLIER_0, c0) >>> 0;
    const low1 = Math.imul(MULTIPLIER_1, c2) >>> 0;
    c0 = (high1 ^ c1 ^ k0) >>> 0;
    c1 = low1;
    c2 = (high0 ^ c3 ^ k1) >>> 0;
    c3 = low0;
    k0 = (k0 + WEYL_0) >>> 0;
    k1 = (k1 + WEYL_1) >>> 0;
  }
  return [c0, c1, c2, c3];
}

/**
 * @param seed integer, 0 … 2⁵³ − 1
 * @param position index in the sequence of the token that is drawn, prompt included; 0 … 2³² − 1
 * @param stream 0 … 2³¹ − 1; lanes that do not share their luck have different ones
 * @returns a number in [0, 1), a multiple of 2⁻⁵³
 */
export function uniform(seed: number, position: number, stream: number, purpose: Purpose = 'draw'): number {
  const key: [number, number] = [seed >>> 0, Math.floor(seed / 4294967296) >>> 0];
  const [w0, w1] = philox([position >>> 0, (2 * stream + (purpose === 'draw' ? 0 : 1)) >>> 0, 0, 0], key);
  return ((w0 >>> 5) * 67108864 + (w1 >>> 6)) / 9007199254740992;
}
