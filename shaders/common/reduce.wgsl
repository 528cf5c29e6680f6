// Sums over a workgroup. Every invocation adds the same numbers in the same order: one barrier and no tree.
import constants::group_width;

var<workgroup> parts: array<f32, group_width>;

/// The sum of every invocation's `value`. Call it in uniform control flow.
fn workgroup_sum(t: u32, value: f32) -> f32 {
  workgroupBarrier();
  parts[t] = value;
  workgroupBarrier();
  var sum = 0.0;
  for (var i = 0u; i < group_width; i++) {
    sum += parts[i];
  }
  return sum;
}
