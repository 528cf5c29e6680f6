// Matrix × vectors with two rows per invocation, no barrier and no workgroup memory. It is for adapters that run on the CPU,
// where a barrier costs more than a load. It dequantises a block once for up to 32 tokens; the loop over tokens is not unrolled,
// because on a CPU compiling costs more than looping. `lanes8` (subgroups of exactly eight): each lane loads one of the eight
// vec4s of x that a block meets and broadcasts it, so that no lane loads all eight. `four`: four rows share each load of x, and
// compiling takes twice as long. `one`: the variant for a single token.
// Grid: x, z = 128 rows; y = 32 tokens, or one. Conditions: one, four, lanes8, outputs (the tokens are the rows whose logits are
// wanted), bias, and one of store, residual, swiglu, gelu, gated.
import package::block::block_values;
import package::common::matrix_product::{shape, x, total, store_pair, memory_row};
import package::common::batch_counts::counts;
@if(lanes8) enable subgroups;

@if(four) const each = 4u;
@else const each = 2u;
@if(four) alias per_row = vec4f;
@else alias per_row = vec2f;
@if(one) const most = 1u;
@else const most = 32u;
const width = 128u / each;

@compute @workgroup_size(width)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) t: u32,
  @if(lanes8) @builtin(subgroup_invocation_id) lane: u32,
) {
  // Invocations past the last row repeat it and write nothing, because broadcasts need every lane.
  let row = each * ((group.x + group.z * groups.x) * width + t);
  let r0 = first_block(row);
  let r1 = first_block(row + 1u);
  @if(four) let r2 = first_block(row + 2u);
  @if(four) let r3 = first_block(row + 3u);
  let column = group.y * most;
  @if(outputs) let columns = min(most, counts.outputs - column);
  @else let columns = min(most, counts.rows - column);

  var sums: array<per_row, most>;
  for (var block = 0u; block < shape.blocks; block++) {
    let w0 = block_values(r0 + block);
    let w1 = block_values(r1 + block);
    @if(four) let w2 = block_values(r2 + block);
    @if(four) let w3 = block_values(r3 + block);
    var at = column * shape.x_stride + block * 8u;
    for (var m = 0u; m < columns; m++) {
      @if(lanes8) let v = x_block(x[at + lane]);
      @else let v = x_block(at);
      @if(four) {
        sums[m] += per_row(block_dot(w0, v), block_dot(w1, v), block_dot(w2, v), block_dot(w3, v));
      }
      @else { sums[m] += per_row(block_dot(w0, v), block_dot(w1, v)); }
      at += shape.x_stride;
    }
  }
  if (row >= shape.rows) { return; }
  for (var m = 0u; m < columns; m++) {
    store_pair(column + m, row, sums[m].xy);
    @if(four) {
      if (row + 2u < shape.rows) { store_pair(column + m, row + 2u, sums[m].zw); }
    }
  }
}

fn first_block(row: u32) -> u32 {
  return memory_row(min(row, shape.rows - 1u)) * shape.blocks;
}

/// The 32 numbers of x that a block meets: with `lanes8` each lane's own vec4 broadcast to all, otherwise read from `at` on.
@if(lanes8) fn x_block(own: vec4f) -> array<vec4f, 8> {
  return array<vec4f, 8>(
    subgroupBroadcast(own, 0u), subgroupBroadcast(own, 1u), subgroupBroadcast(own, 2u), subgroupBroadcast(own, 3u),
    subgroupBroadcast(own, 4u), subgroupBroadcast(own, 5u), subgroupBroadcast(own, 6u), subgroupBroadcast(own, 7u));
}
@else fn x_block(at: u32) -> array<vec4f, 8> {
  return array<vec4f, 8>(
    x[at], x[at + 1u], x[at + 2u], x[at + 3u], x[at + 4u], x[at + 5u], x[at + 6u], x[at + 7u]);
}

/// One block's share of a sum.
fn block_dot(w: array<vec4f, 8>, v: array<vec4f, 8>) -> f32 {
  var s = w[0] * v[0];
  s = fma(w[1], v[1], s);
  s = fma(w[2], v[2], s);
  s = fma(w[3], v[3], s);
  s = fma(w[4], v[4], s);
  s = fma(w[5], v[5], s);
  s = fma(w[6], v[6], s);
  return total(fma(w[7], v[7], s));
}
