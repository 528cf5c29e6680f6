// F16: 32 weights are four vec4<u32> of halves. `unpack2x16float` needs no shader-f16; with it the bits are read as they are.
import package::blocks::unpack::halves_of;
@if(f16 && !integer_halves) enable f16;
@group(1) @binding(0) var<storage, read> quants: array<vec4u>;

@if(f16 && !integer_halves) fn halves(lo: u32, hi: u32) -> vec4f { return vec4f(bitcast<vec4<f16>>(vec2u(lo, hi))); }
@else fn halves(lo: u32, hi: u32) -> vec4f { return vec4f(halves_of(lo), halves_of(hi)); }

/// The 32 weights of block `i`, i = row · blocks per row + column / 32.
fn block_values(i: u32) -> array<vec4f, 8> {
  let a = quants[i * 4u];
  let b = quants[i * 4u + 1u];
  let c = quants[i * 4u + 2u];
  let d = quants[i * 4u + 3u];
  return array<vec4f, 8>(
    halves(a.x, a.y), halves(a.z, a.w), halves(b.x, b.y), halves(b.z, b.w),
    halves(c.x, c.y), halves(c.z, c.w), halves(d.x, d.y), halves(d.z, d.w));
}
