// Matrix × vectors, one invocation a pair of rows, no barrier and no workgroup memory: for adapters that are a CPU,
// where a barrier costs more than a load. A block is dequantised once for up to eight tokens, in a loop that is not
// unrolled: there compiling costs more than looping. With `lanes8` (subgroups of exactly eight) the eight vec4s of x
// that a block meets are loaded one a lane and broadcast, instead of all by every lane.
// Grid: x, z = 64 pairs of rows; y = eights of tokens. Conditions: lanes8, outputs (tokens are the rows whose logits
// are wanted), bias, and one of store, residual, swiglu, gelu, gated.
import package::block::block_values;
import package::common::matrix_product::{shape, x, dot_block, total, store_pair, memory_row};
import package::common::batch_counts::counts;
@if(lanes8) enable subgroups;

const width = 64u;
const most = 8u;

@compute @workgroup_size(width)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) t: u32,
  @if(lanes8) @builtin(subgroup_invocation_id) lane: u32,
) {
  // Invocations past the last row work on it again and write nothing: broadcasts want every lane.
  let own_row = 2u * ((group.x + group.z * groups.x) * width + t);
  let row = min(own_row, shape.rows - 1u);
  let first = memory_row(row) * shape.blocks;
  let second = memory_row(min(row + 1u, shape.rows - 1u)) * shape.blocks;
  let column = group.y * most;
  @if(outputs) let columns = min(most, counts.outputs - column);
  @else let columns = min(most, counts.rows - column);

  var sums: array<vec2f, most>;
  for (var block = 0u; block < shape.blocks; block++) {
    let a = block_values(first + block);
    let b = block_values(second + block);
    var at = column * shape.x_stride + block * 8u;
    for (var m = 0u; m < columns; m++) {
      @if(lanes8) let own = x[at + lane];
      @else let own = vec4f();
      sums[m] += vec2f(block_dot(a, at, own), block_dot(b, at, own));
      at += shape.x_stride;
    }
  }
  if (own_row >= shape.rows) { return; }
  for (var m = 0u; m < columns; m++) {
    store_pair(column + m, row, sums[m]);
  }
}

/// One block's share of a sum.
@if(lanes8) fn block_dot(w: array<vec4f, 8>, at: u32, own: vec4f) -> f32 {
  var s = w[0] * subgroupBroadcast(own, 0u);
  s = fma(w[1], subgroupBroadcast(own, 1u), s);
  s = fma(w[2], subgroupBroadcast(own, 2u), s);
  s = fma(w[3], subgroupBroadcast(own, 3u), s);
  s = fma(w[4], subgroupBroadcast(own, 4u), s);
  s = fma(w[5], subgroupBroadcast(own, 5u), s);
  s = fma(w[6], subgroupBroadcast(own, 6u), s);
  return total(fma(w[7], subgroupBroadcast(own, 7u), s));
}
@else fn block_dot(w: array<vec4f, 8>, at: u32, own: vec4f) -> f32 {
  return total(dot_block(w, at, vec4f()));
}
