// Causal attention over the paged cache with online softmax (Milakov & Gimelshein 2018; Dao et al. 2022):
//   out[row][head] = Σ_p softmax_p(q · k_p · scale) v_p,  p = 0 … position of row
// A workgroup takes one query head. It walks the positions in tiles, one position per invocation: each invocation scores its
// position, and then sums over all positions for its share of the dimensions.
//  - `append` (decode): one row. Its own key and value come from q | k | v. The first head of each group also writes them to the
//    cache, which saves a dispatch.
//  - otherwise (prefill): four consecutive rows of one sequence, whose keys are in the cache. The four rows share each key and
//    value that is read.
// Grid: x = heads, y = rows (decode) or groups of four rows (prefill). `rolled` keeps the loops over a head's dimensions as
// loops, for adapters whose compiler needs seconds to unroll them.
import package::common::batch::{batch, page_of};
import package::common::heads::{
  shape, qkv, quarter, query_at, key_at, value_at, key_index, value_index, head_scale, rotated4 };
import constants::{head_dim, page_size, tile};

// One number per query: decode has one query, prefill has four.
@if(append) alias per_query = f32;
@else alias per_query = vec4f;
@if(append) const queries = 1u;
@else const queries = 4u;

const masked = -1e30;
const dims = (head_dim + tile - 1u) / tile;  // dimensions per invocation

@if(append) @group(0) @binding(5) var<storage, read_write> keys: array<vec4f>;
@if(append) @group(0) @binding(6) var<storage, read_write> values: array<f32>;
@if(!append) @group(0) @binding(5) var<storage, read> keys: array<vec4f>;
@if(!append) @group(0) @binding(6) var<storage, read> values: array<f32>;
@group(0) @binding(7) var<storage, read_write> out: array<f32>;

var<workgroup> query: array<vec4f, queries * quarter>;
@if(append) var<workgroup> new_key: array<vec4f, quarter>;
var<workgroup> scores: array<per_query, tile>;
var<workgroup> weights: array<per_query, tile>;

@compute @workgroup_size(tile)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) t: u32) {
  let head = group.x;
  let first = group.y * queries;
  if (first >= batch.count) { return; }
  let last_row = min(first + queries, batch.count) - 1u;
  let table = batch.rows[first].table;
  let last = batch.rows[last_row].position;
  let group_size = shape.heads / shape.kv_heads;
  let kv_head = head / group_size;

  for (var i = t; i < queries * quarter; i += tile) {
    let row = min(first + i / quarter, last_row);
    let at = query_at(row, head);
    query[i] = rotated4(at, i % quarter, batch.rows[row].position, head_scale(at), 0u) * shape.scale;
  }
  @if(append) {
    let key = key_at(first, kv_head);
    let scale = head_scale(key);
    let page = page_of(table, last);
    let slot = last % page_size;
    let writes = head % group_size == 0u;
    for (var i = t; i < quarter; i += tile) {
      let k = rotated4(key, i, last, scale, 1u);
      new_key[i] = k;
      if (writes) { keys[key_index(page, kv_head, i, slot)] = k; }
    }
    if (writes) {
      for (var d = t; d < head_dim; d += tile) {
        values[value_index(page, kv_head, slot, d)] = qkv[value_at(first, kv_head) + d];
      }
    }
  }
  workgroupBarrier();

  var highest = per_query(masked);
  var sum = per_query();
  var sums: array<per_query, dims>;
  // Positions that every invocation reads from the cache. In decode the last one comes from `new_key` and `qkv`.
  @if(append) let cached = last;
  @else let cached = last + 1u;
  @if(rolled) let quarters = shape.quarters;
  @else const quarters = quarter;

  for (var base = 0u; base <= last; base += tile) {
    let position = base + t;
    var score = per_query(masked);
    if (position < cached) {
      let at = key_index(page_of(table, position), kv_head, 0u, position % page_size);
      @if(append) {
        var s = vec4f();
        for (var i = 0u; i < quarters; i++) { s = fma(query[i], keys[at + i * page_size], s); }
        score = total(s);
      }
      @else {
        var s0 = vec4f(); var s1 = vec4f(); var s2 = vec4f(); var s3 = vec4f();
        for (var i = 0u; i < quarters; i++) {
          let k = keys[at + i * page_size];
          s0 = fma(query[i], k, s0);
          s1 = fma(query[quarter + i], k, s1);
          s2 = fma(query[2u * quarter + i], k, s2);
          s3 = fma(query[3u * quarter + i], k, s3);
        }
        let start = batch.rows[first].position;
        let all = vec4f(total(s0), total(s1), total(s2), total(s3));
        score = select(vec4f(masked), all, vec4u(position) <= vec4u(start, start + 1u, start + 2u, start + 3u));
      }
    }
    @if(append) {
      if (position == last) {
        var s = vec4f();
        for (var i = 0u; i < quarters; i++) { s = fma(query[i], new_key[i], s); }
        score = total(s);
      }
    }
    scores[t] = score;
    workgroupBarrier();

    let before = highest;
    for (var i = 0u; i < tile; i++) { highest = max(highest, scores[i]); }
    weights[t] = exp(score - highest);
    let kept = exp(before - highest);
    sum *= kept;
    for (var j = 0u; j < dims; j++) { sums[j] *= kept; }
    workgroupBarrier();

    for (var p = base; p < min(base + tile, cached); p++) {
      let weight = weights[p - base];
      sum += weight;
      let at = value_index(page_of(table, p), kv_head, p % page_size, t);
      for (var j = 0u; j < dims; j++) {
        if (t + j * tile < head_dim) {
          sums[j] = fma(weight, per_query(values[at + j * tile]), sums[j]);
        }
      }
    }
    @if(append) {
      if (last - base < tile) {
        let weight = weights[last - base];
        sum += weight;
        let at = value_at(first, kv_head) + t;
        for (var j = 0u; j < dims; j++) {
          if (t + j * tile < head_dim) { sums[j] = fma(weight, qkv[at + j * tile], sums[j]); }
        }
      }
    }
  }

  for (var j = 0u; j < dims; j++) {
    let d = t + j * tile;
    if (d < head_dim) {
      let result = sums[j] / sum;
      let at = first * shape.out_stride + head * head_dim + d;
      @if(append) { out[at] = result; }
      @else {
        for (var q = 0u; q <= last_row - first; q++) { out[at + q * shape.out_stride] = result[q]; }
      }
    }
  }
}

fn total(v: vec4f) -> f32 {
  return (v.x + v.y) + (v.z + v.w);
}
