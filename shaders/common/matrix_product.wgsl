// What the matrix products share: the layout of the operands, and the epilogue of a pair of results.
//   y[m][r] = Σ_k W[r][k] · x[m][k]  (+ bias[r])  then one of:
//   store · residual: add to y · gelu · gated: silu(y) times it · swiglu: silu(row 2i) · row 2i + 1
// A product computes rows in pairs. With swiglu a pair is a gate row and its up row. In memory the gate rows are the first half
// of the matrix, the up rows the second half.
import package::common::activations::{silu, gelu};

struct Shape {
  rows: u32,         // of this matrix, or of this part of a split one
  blocks: u32,       // blocks of 32 per row
  x_stride: u32,     // vec4s from one column (token) of x to the next
  y_stride: u32,     // floats from one column of y to the next
  y_offset: u32,     // first row of the result inside a column of y
  bias_offset: u32,
}

@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@if(bias) @group(0) @binding(3) var<storage, read> bias: array<f32>;

/// Every multiply-add is an explicit fma: a contraction that a compiler may or may not make would break batch invariance.
fn dot_block(w: array<vec4f, 8>, at: u32, sum: vec4f) -> vec4f {
  var s = fma(w[0], x[at], sum);
  s = fma(w[1], x[at + 1u], s);
  s = fma(w[2], x[at + 2u], s);
  s = fma(w[3], x[at + 3u], s);
  s = fma(w[4], x[at + 4u], s);
  s = fma(w[5], x[at + 5u], s);
  s = fma(w[6], x[at + 6u], s);
  return fma(w[7], x[at + 7u], s);
}

/// The memory row of row `r` of the product.
fn memory_row(r: u32) -> u32 {
  @if(swiglu) { return r / 2u + (r & 1u) * (shape.rows / 2u); }
  @else { return r; }
}

fn total(v: vec4f) -> f32 {
  return (v.x + v.y) + (v.z + v.w);
}

/// Writes the results of rows `row` and `row + 1` for column `m`.
fn store_pair(m: u32, row: u32, results: vec2f) {
  var r = results;
  @if(bias) {
    r.x += bias[shape.bias_offset + row];
    r.y += bias[shape.bias_offset + min(row + 1u, shape.rows - 1u)];
  }
  let at = m * shape.y_stride + shape.y_offset;
  @if(swiglu) {
    y[at + row / 2u] = silu(r.x) * r.y;
  }
  @else {
    store_one(at + row, r.x);
    if (row + 1u < shape.rows) {
      store_one(at + row + 1u, r.y);
    }
  }
}

@if(!swiglu) fn store_one(at: u32, value: f32) {
  @if(residual) { y[at] += value; }
  @if(gelu) { y[at] = gelu(value); }
  @if(gated) { y[at] = silu(y[at]) * value; }
  @if(store) { y[at] = value; }
}
