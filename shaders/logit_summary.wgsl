// Summarises a row of logits on the GPU:
//   highest = max l        sum = Σ exp(l − highest)        log normaliser = highest + ln sum
//   entropy = ln sum − Σ exp(l − highest) · (l − highest) / sum      (nats)
//   rank of the token that came next, 1 for the most likely; equal logits rank by token id
//   the `top` most likely tokens, in that order
// One workgroup of 256 per row. To select the top tokens it scans the row once per place, with no sort and no extra memory.
// out: [row][8 + 2 · top] words: highest, log normaliser, entropy, target's logit, target's rank, 3 spare, ids, logits.
// Grid: y = rows whose logits are wanted.
import package::common::batch::batch;

struct Shape {
  vocabulary: u32,
  top: u32,
}

const width = 256u;
const head = 8u;
const none = 0xffffffffu;

@group(0) @binding(1) var<uniform> shape: Shape;
@group(0) @binding(2) var<storage, read> logits: array<f32>;
@group(0) @binding(3) var<storage, read_write> out: array<u32>;

var<workgroup> values: array<vec3f, width>;
var<workgroup> ids: array<u32, width>;

@compute @workgroup_size(width)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) t: u32) {
  let row = group.y;
  let at = row * shape.vocabulary;
  let target_id = batch.rows[batch.outputs[row]].next;
  var target_logit = 0.0;
  if (target_id < shape.vocabulary) { target_logit = logits[at + target_id]; }

  let first = best_after(t, at, none, 0.0);
  let highest = first.logit;
  var sums = vec3f();
  for (var id = t; id < shape.vocabulary; id += width) {
    let l = logits[at + id];
    let e = exp(l - highest);
    sums += vec3f(e, e * (l - highest), f32(l > target_logit || (l == target_logit && id < target_id)));
  }
  sums = workgroup_sum(t, sums);

  let to = row * (head + 2u * shape.top);
  if (t == 0u) {
    let log_sum = log(sums.x);
    out[to] = bitcast<u32>(highest);
    out[to + 1u] = bitcast<u32>(highest + log_sum);
    out[to + 2u] = bitcast<u32>(log_sum - sums.y / sums.x);
    out[to + 3u] = bitcast<u32>(target_logit);
    out[to + 4u] = u32(sums.z) + 1u;
  }

  var place = first;
  for (var i = 0u; i < shape.top; i++) {
    if (i > 0u) { place = best_after(t, at, place.id, place.logit); }
    if (t == 0u) {
      out[to + head + i] = place.id;
      out[to + head + shape.top + i] = bitcast<u32>(place.logit);
    }
  }
}

struct Candidate {
  id: u32,
  logit: f32,
}

/// Whether (id, logit) ranks before (other_id, other_logit): a higher logit first, and the lower id if they are equal.
fn before(id: u32, logit: f32, other_id: u32, other_logit: f32) -> bool {
  return logit > other_logit || (logit == other_logit && id < other_id);
}

/// The first candidate that ranks after (`id`, `logit`), or the first of all if id = none. All invocations get the same answer.
fn best_after(t: u32, at: u32, id: u32, logit: f32) -> Candidate {
  var best = Candidate(none, -3.4e38);
  for (var i = t; i < shape.vocabulary; i += width) {
    let l = logits[at + i];
    if ((id == none || before(id, logit, i, l)) && before(i, l, best.id, best.logit)) { best = Candidate(i, l); }
  }
  workgroupBarrier();
  ids[t] = best.id;
  values[t].x = best.logit;
  workgroupBarrier();
  for (var half = width / 2u; half > 0u; half /= 2u) {
    if (t < half && before(ids[t + half], values[t + half].x, ids[t], values[t].x)) {
      ids[t] = ids[t + half];
      values[t].x = values[t + half].x;
    }
    workgroupBarrier();
  }
  return Candidate(ids[0], values[0].x);
}

fn workgroup_sum(t: u32, value: vec3f) -> vec3f {
  workgroupBarrier();
  values[t] = value;
  workgroupBarrier();
  for (var half = width / 2u; half > 0u; half /= 2u) {
    if (t < half) { values[t] += values[t + half]; }
    workgroupBarrier();
  }
  return values[0];
}
