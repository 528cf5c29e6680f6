// Q4_0: 32 nibbles and one half d; weight = d · (q − 8).
import package::blocks::unpack::{nibbles, half_of};

@group(1) @binding(0) var<storage, read> quants: array<vec4u>;
@group(1) @binding(2) var<storage, read> scales: array<u32>;

fn group(word: u32, shift: u32, d: f32) -> vec4f {
  return d * (vec4f(nibbles(word, shift)) - 8.0);
}

/// The 32 weights of block `i`, i = row · blocks per row + column / 32.
fn block_values(i: u32) -> array<vec4f, 8> {
  let d = half_of(scales[i >> 1u], i & 1u);
  let q = quants[i];
  return array<vec4f, 8>(
    group(q.x, 0u, d), group(q.y, 0u, d), group(q.z, 0u, d), group(q.w, 0u, d),
    group(q.x, 4u, d), group(q.y, 4u, d), group(q.z, 4u, d), group(q.w, 4u, d));
}
