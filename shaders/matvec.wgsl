// Matrix × few vectors, one workgroup per pair of rows. Each invocation takes every width-th block of 32 columns. The workgroup
// then adds up in a tree, neighbours first: 0 + 1, 2 + 3, …, then those sums in pairs. With subgroups the lower levels of the
// tree are shuffles and the upper ones go through workgroup memory; without them all do. The order of the sum is the same for
// every subgroup size. Grid: x, z = pairs of rows; y = groups of `columns` tokens.
// `lanes`: invocations per subgroup, 1 without `subgroups`; invocation t must be lane t % lanes of subgroup t / lanes.
// Conditions: m2, m4, m8 (columns per workgroup; 1 without any), subgroups, bias, one of store, residual, swiglu, gelu, gated.
import package::block::block_values;
import package::common::matrix_product::{shape, x, dot_block, total, store_pair, memory_row};
import constants::{columns, width, lanes};
@if(subgroups) enable subgroups;

const parts = max(width / lanes, 1u);  // partial sums per column in workgroup memory

var<workgroup> partial: array<vec2f, columns * parts>;

@compute @workgroup_size(width)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) t: u32,
) {
  let row = 2u * (group.x + group.z * groups.x);
  if (row >= shape.rows) { return; }
  let first = memory_row(row) * shape.blocks;
  let second = memory_row(min(row + 1u, shape.rows - 1u)) * shape.blocks;
  let column = group.y * columns;
  let stride = shape.x_stride;
  let at = column * stride;

  var a0 = vec4f(); var b0 = vec4f();
  @if(m2) var a1 = vec4f(); @if(m2) var b1 = vec4f();
  @if(m4) var a2 = vec4f(); @if(m4) var b2 = vec4f();
  @if(m4) var a3 = vec4f(); @if(m4) var b3 = vec4f();
  @if(m8) var a4 = vec4f(); @if(m8) var b4 = vec4f();
  @if(m8) var a5 = vec4f(); @if(m8) var b5 = vec4f();
  @if(m8) var a6 = vec4f(); @if(m8) var b6 = vec4f();
  @if(m8) var a7 = vec4f(); @if(m8) var b7 = vec4f();
  for (var block = t; block < shape.blocks; block += width) {
    let wa = block_values(first + block);
    let wb = block_values(second + block);
    let here = at + block * 8u;
    a0 = dot_block(wa, here, a0); b0 = dot_block(wb, here, b0);
    @if(m2) { a1 = dot_block(wa, here + stride, a1); b1 = dot_block(wb, here + stride, b1); }
    @if(m4) {
      a2 = dot_block(wa, here + 2u * stride, a2); b2 = dot_block(wb, here + 2u * stride, b2);
      a3 = dot_block(wa, here + 3u * stride, a3); b3 = dot_block(wb, here + 3u * stride, b3);
    }
    @if(m8) {
      a4 = dot_block(wa, here + 4u * stride, a4); b4 = dot_block(wb, here + 4u * stride, b4);
      a5 = dot_block(wa, here + 5u * stride, a5); b5 = dot_block(wb, here + 5u * stride, b5);
      a6 = dot_block(wa, here + 6u * stride, a6); b6 = dot_block(wb, here + 6u * stride, b6);
      a7 = dot_block(wa, here + 7u * stride, a7); b7 = dot_block(wb, here + 7u * stride, b7);
    }
  }

  keep(0u, t, a0, b0);
  @if(m2) { keep(1u, t, a1, b1); }
  @if(m4) { keep(2u, t, a2, b2); keep(3u, t, a3, b3); }
  @if(m8) { keep(4u, t, a4, b4); keep(5u, t, a5, b5); keep(6u, t, a6, b6); keep(7u, t, a7, b7); }
  workgroupBarrier();

  for (var step = 1u; step < parts; step *= 2u) {
    let left = 2u * step * t;
    if (left < parts) {
      for (var m = 0u; m < columns; m++) {
        partial[m * parts + left] += partial[m * parts + left + step];
      }
    }
    workgroupBarrier();
  }
  if (t < columns) { store_pair(column + t, row, partial[t * parts]); }
}

fn keep(m: u32, t: u32, a: vec4f, b: vec4f) {
  var sum = vec2f(total(a), total(b));
  @if(subgroups) {
    for (var step = 1u; step < min(lanes, width); step *= 2u) { sum += subgroupShuffleXor(sum, step); }
  }
  if (t % lanes == 0u) { partial[m * parts + t / lanes] = sum; }
}
