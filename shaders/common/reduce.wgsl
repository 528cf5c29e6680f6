// Sums over a workgroup of 64, each invocation adding the same numbers in the same order: one barrier, no tree.
var<workgroup> parts: array<f32, 64>;

/// The sum of every invocation's `value`. To be called in uniform control flow.
fn workgroup_sum(t: u32, value: f32) -> f32 {
  workgroupBarrier();
  parts[t] = value;
  workgroupBarrier();
  var sum = 0.0;
  for (var i = 0u; i < 64u; i++) {
    sum += parts[i];
  }
  return sum;
}
