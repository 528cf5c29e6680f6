// Q4_1: 32 nibbles, two halves d and m; weight = d · q + m.
import package::blocks::unpack::{nibbles, halves_of};

@group(1) @binding(0) var<storage, read> quants: array<vec4u>;
@group(1) @binding(2) var<storage, read> scales: array<u32>;

fn group(word: u32, shift: u32, s: vec2f) -> vec4f {
  return fma(vec4f(nibbles(word, shift)), vec4f(s.x), vec4f(s.y));
}

/// The 32 weights of block `i`, i = row · blocks per row + column / 32.
fn block_values(i: u32) -> array<vec4f, 8> {
  let s = halves_of(scales[i]);
  let q = quants[i];
  return array<vec4f, 8>(
    group(q.x, 0u, s), group(q.y, 0u, s), group(q.z, 0u, s), group(q.w, 0u, s),
    group(q.x, 4u, s), group(q.y, 4u, s), group(q.z, 4u, s), group(q.w, 4u, s));
}
