// Q5_0: 32 nibbles, a word of fifth bits, one half d; weight = d · (q − 16).
import package::blocks::unpack::{nibbles, fifth_bits, half_of};

@group(1) @binding(0) var<storage, read> quants: array<vec4u>;
@group(1) @binding(1) var<storage, read> high: array<u32>;
@group(1) @binding(2) var<storage, read> scales: array<u32>;

fn group(word: u32, shift: u32, bits: u32, g: u32, d: f32) -> vec4f {
  return d * (vec4f(nibbles(word, shift) | fifth_bits(bits, g)) - 16.0);
}

/// The 32 weights of block `i`, i = row · blocks per row + column / 32.
fn block_values(i: u32) -> array<vec4f, 8> {
  let d = half_of(scales[i >> 1u], i & 1u);
  let h = high[i];
  let q = quants[i];
  return array<vec4f, 8>(
    group(q.x, 0u, h, 0u, d), group(q.y, 0u, h, 1u, d), group(q.z, 0u, h, 2u, d), group(q.w, 0u, h, 3u, d),
    group(q.x, 4u, h, 4u, d), group(q.y, 4u, h, 5u, d), group(q.z, 4u, h, 6u, d), group(q.w, 4u, h, 7u, d));
}
