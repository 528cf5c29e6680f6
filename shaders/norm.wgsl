// RMSNorm (Zhang & Sennrich 2019):      y = x / √(mean(x²) + ε) · g
// LayerNorm (Ba et al. 2016), `layer`:  y = (x − mean(x)) / √(var(x) + ε) · g + b
// One workgroup per row. With `gather`, row i of y is row outputs[i] of x. Grid: y = rows.
import package::common::batch::batch;
import package::common::reduce::workgroup_sum;
import constants::group_width;

struct Shape {
  width: u32,     // floats
  x_stride: u32,  // vec4s
  y_stride: u32,  // vec4s
  epsilon: f32,
}

@group(0) @binding(1) var<uniform> shape: Shape;
@group(0) @binding(2) var<storage, read> x: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(4) var<storage, read> weight: array<vec4f>;
@if(layer) @group(0) @binding(5) var<storage, read> bias: array<vec4f>;

@compute @workgroup_size(group_width)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) t: u32) {
  let row = group.y;
  @if(gather) let at = batch.outputs[row] * shape.x_stride;
  @else let at = row * shape.x_stride;
  let quarter = shape.width / 4u;
  let width = f32(shape.width);

  @if(layer) var sum = vec4f();
  @if(layer) for (var i = t; i < quarter; i += group_width) { sum += x[at + i]; }
  @if(layer) let mean = vec4f(workgroup_sum(t, (sum.x + sum.y) + (sum.z + sum.w)) / width);
  @else let mean = vec4f();

  var squares = vec4f();
  for (var i = t; i < quarter; i += group_width) {
    let v = x[at + i] - mean;
    squares = fma(v, v, squares);
  }
  let total = workgroup_sum(t, (squares.x + squares.y) + (squares.z + squares.w));
  let scale = vec4f(inverseSqrt(total / width + shape.epsilon));
  for (var i = t; i < quarter; i += group_width) {
    let v = (x[at + i] - mean) * scale;
    @if(layer) { y[row * shape.y_stride + i] = fma(v, weight[i], bias[i]); }
    @else { y[row * shape.y_stride + i] = v * weight[i]; }
  }
}
