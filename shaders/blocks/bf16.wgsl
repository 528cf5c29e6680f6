// BF16: the upper half of an f32; 32 weights are four vec4<u32>.
@group(1) @binding(0) var<storage, read> quants: array<vec4u>;

fn upper_halves(lo: u32, hi: u32) -> vec4f {
  return bitcast<vec4f>(vec4u(lo << 16u, lo & 0xffff0000u, hi << 16u, hi & 0xffff0000u));
}

/// The 32 weights of block `i`, i = row · blocks per row + column / 32.
fn block_values(i: u32) -> array<vec4f, 8> {
  let a = quants[i * 4u];
  let b = quants[i * 4u + 1u];
  let c = quants[i * 4u + 2u];
  let d = quants[i * 4u + 3u];
  return array<vec4f, 8>(
    upper_halves(a.x, a.y), upper_halves(a.z, a.w), upper_halves(b.x, b.y), upper_halves(b.z, b.w),
    upper_halves(c.x, c.y), upper_halves(c.z, c.w), upper_halves(d.x, d.y), upper_halves(d.z, d.w));
}
