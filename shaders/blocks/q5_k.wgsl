// Q5_K: super-blocks of 256 = 8 blocks of 32 five-bit quants; weight = d · scale · q − dmin · minimum.
// Scales as in Q4_K; the fifth bits of a block are one word.
import package::blocks::unpack::{nibbles, fifth_bits, k_scale_min, halves_of};

@group(1) @binding(0) var<storage, read> quants: array<vec4u>;
@group(1) @binding(1) var<storage, read> high: array<u32>;
@group(1) @binding(2) var<storage, read> scales: array<vec4u>;

fn group(word: u32, shift: u32, bits: u32, g: u32, s: vec2f) -> vec4f {
  return fma(vec4f(nibbles(word, shift) | fifth_bits(bits, g)), vec4f(s.x), vec4f(-s.y));
}

/// The 32 weights of block `i`, i = row · blocks per row + column / 32.
fn block_values(i: u32) -> array<vec4f, 8> {
  let w = scales[i >> 3u];
  let s = halves_of(w.x) * k_scale_min(w, i & 7u);
  let h = high[i];
  let q = quants[i];
  return array<vec4f, 8>(
    group(q.x, 0u, h, 0u, s), group(q.y, 0u, h, 1u, s), group(q.z, 0u, h, 2u, s), group(q.w, 0u, h, 3u, s),
    group(q.x, 4u, h, 4u, s), group(q.y, 4u, h, 5u, s), group(q.z, 4u, h, 6u, s), group(q.w, 4u, h, 7u, s));
}
