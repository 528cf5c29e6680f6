// F32: 32 weights are eight vec4<u32>.
@group(1) @binding(0) var<storage, read> quants: array<vec4u>;

/// The 32 weights of block `i`, i = row · blocks per row + column / 32.
fn block_values(i: u32) -> array<vec4f, 8> {
  let at = i * 8u;
  return array<vec4f, 8>(
    bitcast<vec4f>(quants[at]), bitcast<vec4f>(quants[at + 1u]),
    bitcast<vec4f>(quants[at + 2u]), bitcast<vec4f>(quants[at + 3u]),
    bitcast<vec4f>(quants[at + 4u]), bitcast<vec4f>(quants[at + 5u]),
    bitcast<vec4f>(quants[at + 6u]), bitcast<vec4f>(quants[at + 7u]));
}
