// Q4_K: super-blocks of 256 = 8 blocks of 32 nibbles; weight = d · scale · q − dmin · minimum.
// A super-block's scales are four words: halves (d, dmin), then the packed 6-bit scales and minima (see k_scale_min).
import package::blocks::unpack::{nibbles, k_scale_min, halves_of};

@group(1) @binding(0) var<storage, read> quants: array<vec4u>;
@group(1) @binding(2) var<storage, read> scales: array<vec4u>;

fn group(word: u32, shift: u32, s: vec2f) -> vec4f {
  return fma(vec4f(nibbles(word, shift)), vec4f(s.x), vec4f(-s.y));
}

/// The 32 weights of block `i`, i = row · blocks per row + column / 32.
fn block_values(i: u32) -> array<vec4f, 8> {
  let w = scales[i >> 3u];
  let s = halves_of(w.x) * k_scale_min(w, i & 7u);
  let q = quants[i];
  return array<vec4f, 8>(
    group(q.x, 0u, s), group(q.y, 0u, s), group(q.z, 0u, s), group(q.w, 0u, s),
    group(q.x, 4u, s), group(q.y, 4u, s), group(q.z, 4u, s), group(q.w, 4u, s));
}
