// Matrix × many vectors: a workgroup of 8 × 16 invocations computes 64 rows × 64 tokens, each invocation 8 rows × 4 tokens. It
// walks tiles of 32 columns in workgroup memory: 16 KiB, or 12 KiB with f16, which rounds the weights to
// halves. Grid: x, z = tiles of rows; y = tiles of 64 tokens.
// x has room for whole tiles; columns past the last token are computed and never read.
// Conditions: f16, bias, and one of store, residual, swiglu, gelu, gated.
import package::block::block_values;
import package::common::matrix_product::{shape, x, store_pair, memory_row};
@if(f16) enable f16;

const tile = 64u;

// [k / 4][row] and [k / 4][token], so that neighbouring invocations touch neighbouring vec4s.
@if(f16) var<workgroup> weights: array<vec4<f16>, 8u * tile>;
@else var<workgroup> weights: array<vec4f, 8u * tile>;
var<workgroup> columns: array<vec4f, 8u * tile>;

@compute @workgroup_size(8, 16)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_id) at: vec3u,
  @builtin(local_invocation_index) t: u32,
) {
  let first_row = (group.x + group.z * groups.x) * tile;
  let first_column = group.y * tile;
  if (first_row >= shape.rows) { return; }

  // Sums of token c (0..3) with rows 0..3 (a) and 4..7 (b). They are named variables because an indexed array may leave the registers.
  var a0 = vec4f(); var a1 = vec4f(); var a2 = vec4f(); var a3 = vec4f();
  var b0 = vec4f(); var b1 = vec4f(); var b2 = vec4f(); var b3 = vec4f();
  for (var block = 0u; block < shape.blocks; block++) {
    // Half of the invocations dequantise one row's block each; the other half load one token's columns each.
    if (t < tile) {
      let w = block_values(memory_row(min(first_row + t, shape.rows - 1u)) * shape.blocks + block);
      @if(f16) {
        weights[t] = vec4<f16>(w[0]); weights[tile + t] = vec4<f16>(w[1]);
        weights[2u * tile + t] = vec4<f16>(w[2]); weights[3u * tile + t] = vec4<f16>(w[3]);
        weights[4u * tile + t] = vec4<f16>(w[4]); weights[5u * tile + t] = vec4<f16>(w[5]);
        weights[6u * tile + t] = vec4<f16>(w[6]); weights[7u * tile + t] = vec4<f16>(w[7]);
      }
      @else {
        weights[t] = w[0]; weights[tile + t] = w[1];
        weights[2u * tile + t] = w[2]; weights[3u * tile + t] = w[3];
        weights[4u * tile + t] = w[4]; weights[5u * tile + t] = w[5];
        weights[6u * tile + t] = w[6]; weights[7u * tile + t] = w[7];
      }
    } else {
      let c = t - tile;
      let source = (first_column + c) * shape.x_stride + block * 8u;
      for (var k = 0u; k < 8u; k++) {
        columns[k * tile + c] = x[source + k];
      }
    }
    workgroupBarrier();
    for (var k = 0u; k < 8u; k++) {
      let c0 = columns[k * tile + at.y * 4u];
      let c1 = columns[k * tile + at.y * 4u + 1u];
      let c2 = columns[k * tile + at.y * 4u + 2u];
      let c3 = columns[k * tile + at.y * 4u + 3u];
      let w = four_rows(k * tile + at.x * 8u);
      a0 = accumulate(w, c0, a0); a1 = accumulate(w, c1, a1); a2 = accumulate(w, c2, a2); a3 = accumulate(w, c3, a3);
      let v = four_rows(k * tile + at.x * 8u + 4u);
      b0 = accumulate(v, c0, b0); b1 = accumulate(v, c1, b1); b2 = accumulate(v, c2, b2); b3 = accumulate(v, c3, b3);
    }
    workgroupBarrier();
  }

  let m = first_column + at.y * 4u;
  let row = first_row + at.x * 8u;
  store_four(m, row, a0); store_four(m + 1u, row, a1); store_four(m + 2u, row, a2); store_four(m + 3u, row, a3);
  store_four(m, row + 4u, b0); store_four(m + 1u, row + 4u, b1); store_four(m + 2u, row + 4u, b2); store_four(m + 3u, row + 4u, b3);
}

fn store_four(m: u32, row: u32, sums: vec4f) {
  if (row < shape.rows) { store_pair(m, row, sums.xy); }
  if (row + 2u < shape.rows) { store_pair(m, row + 2u, sums.zw); }
}

/// Four rows of the weight tile from `at`: a column per k, a component per row.
fn four_rows(at: u32) -> mat4x4f {
  return transpose(mat4x4f(vec4f(weights[at]), vec4f(weights[at + 1u]), vec4f(weights[at + 2u]), vec4f(weights[at + 3u])));
}

/// Adds the products of four k of four rows with those of one token.
fn accumulate(w: mat4x4f, c: vec4f, sum: vec4f) -> vec4f {
  return fma(w[3], vec4f(c.w), fma(w[2], vec4f(c.z), fma(w[1], vec4f(c.y), fma(w[0], vec4f(c.x), sum))));
}
