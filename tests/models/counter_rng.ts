/**
 * Counter-based random numbers: value = f(seed, stream, index), so that any tensor can be made alone and in any order.
 * The mixing function is the 32-bit finaliser of MurmurHash3 (Appleby, public domain), applied three times.
 */
export function randomBits(seed: number, stream: number, index: number): number {
  return mix(mix(mix(seed ^ 0x9e3779b9) ^ stream) ^ index) >>> 0;
}

/** Uniform on [0, 1). */
export function uniform(seed: number, stream: number, index: number): number {
  return randomBits(seed, stream, index) / 2 ** 32;
}

/**
 * Fills `out` with bell-shaped numbers of mean 0 and standard deviation `deviation`. Each is the sum of the four
 * bytes of one draw (Irwin–Hall with n = 4), which is close enough to a normal distribution and ten times cheaper.
 */
export function fillBell(
  out: Float32Array,
  seed: number,
  stream: number,
  firstIndex: number,
  deviation: number,
): void {
  // Four uniform bytes have the mean 4 · 127.5 and the variance 4 · (256² − 1) / 12.
  const scale = deviation / Math.sqrt((4 * (256 * 256 - 1)) / 12);
  const start = mix(mix(seed ^ 0x9e3779b9) ^ stream);
  for (let i = 0; i < out.length; i++) {
    const bits = mix(start ^ (firstIndex + i));
    const sum = (bits & 255) + ((bits >>> 8) & 255) + ((bits >>> 16) & 255) + (bits >>> 24);
    out[i] = (sum - 510) * scale;
  }
}

/** A stream's number from its name, so that each tensor has its own (FNV-1a). */
export function streamOf(name: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

function mix(value: number): number {
  let h = value;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}
