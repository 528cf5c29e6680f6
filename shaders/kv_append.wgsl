// Prefill: writes the keys (normalised, rotated) and values of every row to the paged cache. Grid: x = kv heads, y = rows.
import package::common::batch::{batch, page_of};
import package::common::heads::{key_at, value_at, key_index, value_index, head_scale, rotated4, qkv, quarter};
import constants::{head_dim, page_size};

@group(0) @binding(5) var<storage, read_write> keys: array<vec4f>;
@group(0) @binding(6) var<storage, read_write> values: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) t: u32) {
  let head = group.x;
  let row = group.y;
  if (row >= batch.count) { return; }
  let position = batch.rows[row].position;
  let page = page_of(batch.rows[row].table, position);
  let slot = position % page_size;
  let scale = head_scale(key_at(row, head));
  for (var i = t; i < quarter; i += 64u) {
    keys[key_index(page, head, i, slot)] = rotated4(key_at(row, head), i, position, scale, 1u);
  }
  for (var d = t; d < head_dim; d += 64u) {
    values[value_index(page, head, slot, d)] = qkv[value_at(row, head) + d];
  }
}
