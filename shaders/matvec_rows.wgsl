// Matrix × vectors, an invocation four rows (two with `one`), no barrier and no workgroup memory: for adapters that are a
// CPU, where a barrier costs more than a load, and a load more than a sum: hence the four rows that share each load of x.
// A block is dequantised once for up to 32 tokens, in a loop that is not unrolled: there compiling costs more than
// looping. With `lanes8` (subgroups of exactly eight) the eight vec4s of x that a block meets are loaded one a lane and
// broadcast, instead of all by every lane. `one`: for a single token, where weights are all that is loaded.
// Grid: x, z = 128 rows; y = 32 tokens. Conditions: one, lanes8, outputs (tokens are the rows whose logits are wanted),
// bias, and one of store, residual, swiglu, gelu, gated.
import package::block::block_values;
import package::common::matrix_product::{shape, x, dot_block, total, store_pair, memory_row};
@if(!one) import package::common::batch_counts::counts;
@if(lanes8) enable subgroups;

@if(one) const width = 64u;
@else const width = 32u;
@if(one) const each = 2u;
@else const each = 4u;
@if(one) const most = 1u;
@else const most = 32u;

@compute @workgroup_size(width)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) t: u32,
  @if(lanes8) @builtin(subgroup_invocation_id) lane: u32,
) {
  // Invocations past the last row work on it again and write nothing: broadcasts want every lane.
  let row = each * ((group.x + group.z * groups.x) * width + t);
  let r0 = first_block(row);
  let r1 = first_block(row + 1u);
  @if(!one) let r2 = first_block(row + 2u);
  @if(!one) let r3 = first_block(row + 3u);
  let column = group.y * most;
  @if(outputs && !one) let columns = min(most, counts.outputs - column);
  @if(!outputs && !one) let columns = min(most, counts.rows - column);

  @if(one) var sums = vec2f();
  @else var sums: array<vec4f, most>;
  for (var block = 0u; block < shape.blocks; block++) {
    let w0 = block_values(r0 + block);
    let w1 = block_values(r1 + block);
    @if(!one) let w2 = block_values(r2 + block);
    @if(!one) let w3 = block_values(r3 + block);
    var at = column * shape.x_stride + block * 8u;
    @if(one) {
      @if(lanes8) let own = x[at + lane];
      @else let own = vec4f();
      sums += vec2f(block_dot(w0, at, own), block_dot(w1, at, own));
    }
    @else {
      for (var m = 0u; m < columns; m++) {
        @if(lanes8) let own = x[at + lane];
        @else let own = vec4f();
        sums[m] += vec4f(
          block_dot(w0, at, own), block_dot(w1, at, own), block_dot(w2, at, own), block_dot(w3, at, own));
        at += shape.x_stride;
      }
    }
  }
  if (row >= shape.rows) { return; }
  @if(one) { store_pair(column, row, sums); }
  @else {
    for (var m = 0u; m < columns; m++) {
      store_pair(column + m, row, sums[m].xy);
      if (row + 2u < shape.rows) { store_pair(column + m, row + 2u, sums[m].zw); }
    }
  }
}

fn first_block(row: u32) -> u32 {
  return memory_row(min(row, shape.rows - 1u)) * shape.blocks;
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
