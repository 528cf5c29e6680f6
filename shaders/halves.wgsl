// Decodes every half to f32, in the order of their bits, in the way the weight blocks decode their scales (for the self-test).
// Grid: x = 512.
import package::blocks::unpack::halves_of;

@group(0) @binding(0) var<storage, read_write> out: array<vec2f>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let low = 2u * id.x;
  out[id.x] = halves_of(low | ((low + 1u) << 16u));
}
