// Token embedding: x[row] = W[token of row], one block of 32 per invocation. With `positions`, x[row] += W[position of row].
// Grid: x = 64 blocks, y = rows. A table that is split over several bindings takes one dispatch per part; each writes its own tokens.
import package::block::block_values;
import package::common::batch::batch;

struct Shape {
  first: u32,     // first token of this part
  rows: u32,      // tokens in this part
  blocks: u32,    // blocks of 32 per row
  x_stride: u32,  // vec4s from one row of x to the next
}

@group(0) @binding(1) var<uniform> shape: Shape;
@group(0) @binding(2) var<storage, read_write> x: array<vec4f>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let row = id.y;
  @if(positions) let entry = batch.rows[row].position - shape.first;
  @else let entry = batch.rows[row].token - shape.first;
  if (row >= batch.count || id.x >= shape.blocks || entry >= shape.rows) { return; }
  let w = block_values(entry * shape.blocks + id.x);
  let at = row * shape.x_stride + id.x * 8u;
  put(at, w[0]); put(at + 1u, w[1]); put(at + 2u, w[2]); put(at + 3u, w[3]);
  put(at + 4u, w[4]); put(at + 5u, w[5]); put(at + 6u, w[6]); put(at + 7u, w[7]);
}

fn put(at: u32, value: vec4f) {
  @if(positions) { x[at] += value; }
  @else { x[at] = value; }
}
