// Q8_0: 32 signed bytes and one half d; weight = d · q.
import package::blocks::unpack::{signed_bytes, half_of};

@group(1) @binding(0) var<storage, read> quants: array<vec4u>;
@group(1) @binding(2) var<storage, read> scales: array<u32>;

/// The 32 weights of block `i`, i = row · blocks per row + column / 32.
fn block_values(i: u32) -> array<vec4f, 8> {
  let d = vec4f(half_of(scales[i >> 1u], i & 1u));
  let a = quants[i * 2u];
  let b = quants[i * 2u + 1u];
  return array<vec4f, 8>(
    d * signed_bytes(a.x), d * signed_bytes(a.y), d * signed_bytes(a.z), d * signed_bytes(a.w),
    d * signed_bytes(b.x), d * signed_bytes(b.y), d * signed_bytes(b.z), d * signed_bytes(b.w));
}
