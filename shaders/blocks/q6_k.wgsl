// Q6_K: super-blocks of 256 = 16 half-blocks of 16 six-bit quants; weight = d · scale · (q − 32).
// A super-block's scales are five words: d as f32, then sixteen signed bytes. A block's upper bits are two words.
import package::blocks::unpack::{nibbles, upper_two_bits};

@group(1) @binding(0) var<storage, read> quants: array<vec4u>;
@group(1) @binding(1) var<storage, read> high: array<u32>;
@group(1) @binding(2) var<storage, read> scales: array<u32>;

fn group(word: u32, shift: u32, bits: u32, g: u32, s: f32) -> vec4f {
  return s * (vec4f(nibbles(word, shift) | upper_two_bits(bits, g)) - 32.0);
}

/// The 32 weights of block `i`, i = row · blocks per row + column / 32.
fn block_values(i: u32) -> array<vec4f, 8> {
  let at = (i >> 3u) * 5u;
  let pair = 2u * (i & 7u);
  let bytes = scales[at + 1u + (pair >> 2u)] >> (8u * (pair & 3u));
  let s = bitcast<f32>(scales[at]) * vec2f(vec2i(vec2u(bytes << 24u, bytes << 16u)) >> vec2u(24u));
  let h0 = high[2u * i];
  let h1 = high[2u * i + 1u];
  let q = quants[i];
  return array<vec4f, 8>(
    group(q.x, 0u, h0, 0u, s.x), group(q.y, 0u, h0, 1u, s.x), group(q.z, 0u, h0, 2u, s.x), group(q.w, 0u, h0, 3u, s.x),
    group(q.x, 4u, h1, 0u, s.y), group(q.y, 4u, h1, 1u, s.y), group(q.z, 4u, h1, 2u, s.y), group(q.w, 4u, h1, 3u, s.y));
}
