// Two views of four bytes, in this machine's own order: faster than a DataView, and models have millions of weights.
const float = new Float32Array(1);
const word = new Uint32Array(float.buffer);

/** The bits of the IEEE 754 half nearest to `value`, ties to even. */
export function halfBits(value: number): number {
  float[0] = value;
  const bits = word[0]!;
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  if (magnitude >= 0x7f800000) return sign | (magnitude > 0x7f800000 ? 0x7e00 : 0x7c00);
  // From 65520 upwards the nearest half is infinity.
  if (magnitude >= 0x477ff000) return sign | 0x7c00;
  // Below 2^-14 halves are multiples of 2^-24; the division is exact.
  if (magnitude < 0x38800000) return sign | roundToEven(Math.abs(Math.fround(value)) * 2 ** 24);
  const lower = magnitude & 0x1fff;
  const half = ((magnitude - 0x38000000) >>> 13) & 0x7fff;
  const up = lower > 0x1000 || (lower === 0x1000 && (half & 1) === 1);
  return sign | (half + (up ? 1 : 0));
}

/** The bits of the bfloat16 nearest to `value`, ties to even. */
export function bfloat16Bits(value: number): number {
  float[0] = value;
  const bits = word[0]!;
  return ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16) & 0xffff;
}

/** The number with these bits as a half. */
export function halfValue(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >>> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1024 + fraction) * 2 ** (exponent - 25);
}

function roundToEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  return rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor;
}
