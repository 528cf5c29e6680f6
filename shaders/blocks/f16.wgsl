// F16: 32 weights are 64 bytes. `unpack2x16float` needs no shader-f16. With shader-f16 the buffer is declared as halves and
// read directly: naga, Firefox's compiler, mistakes a bitcast to halves for one to f32.
import package::blocks::unpack::halves_of;
@if(f16 && !integer_halves) enable f16;
@if(f16 && !integer_halves) @group(1) @binding(0) var<storage, read> quants: array<vec4<f16>>;
@else @group(1) @binding(0) var<storage, read> quants: array<vec4u>;

fn halves(lo: u32, hi: u32) -> vec4f { return vec4f(halves_of(lo), halves_of(hi)); }

/// The 32 weights of block `i`, i = row · blocks per row + column / 32.
@if(f16 && !integer_halves) fn block_values(i: u32) -> array<vec4f, 8> {
  let at = i * 8u;
  return array<vec4f, 8>(
    vec4f(quants[at]), vec4f(quants[at + 1u]), vec4f(quants[at + 2u]), vec4f(quants[at + 3u]),
    vec4f(quants[at + 4u]), vec4f(quants[at + 5u]), vec4f(quants[at + 6u]), vec4f(quants[at + 7u]));
}
@else fn block_values(i: u32) -> array<vec4f, 8> {
  let a = quants[i * 4u];
  let b = quants[i * 4u + 1u];
  let c = quants[i * 4u + 2u];
  let d = quants[i * 4u + 3u];
  return array<vec4f, 8>(
    halves(a.x, a.y), halves(a.z, a.w), halves(b.x, b.y), halves(b.z, b.w),
    halves(c.x, c.y), halves(c.z, c.w), halves(d.x, d.y), halves(d.z, d.w));
}
