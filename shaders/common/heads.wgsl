// Queries, keys and values as the projection leaves them (q | k | v in one row), and how a head is prepared before it is used:
// RMSNorm per head (`qk_norm`, Qwen3), then rotary embedding (Su et al. 2021) of adjacent pairs (`rope_pairs`, llama) or of
// halves (`rope_halves`, Qwen). Also the layout of keys and values in the paged cache:
//   keys   [page][kv head][head_dim / 4][slot] of vec4f: invocations with one position each read neighbouring addresses
//   values [page][kv head][slot][head_dim] of f32: invocations with one dimension each read neighbouring addresses
import constants::{head_dim, page_size};

struct Shape {
  heads: u32,
  kv_heads: u32,
  qkv_stride: u32,  // floats from one row of q | k | v to the next
  out_stride: u32,  // floats from one row of the result to the next
  rotary: u32,      // rotated dimensions of a head, even
  quarters: u32,    // head_dim / 4, for loops that must not be unrolled
  epsilon: f32,
  scale: f32,       // of q · k
}

const quarter = head_dim / 4u;

@group(0) @binding(1) var<uniform> shape: Shape;
@group(0) @binding(2) var<storage, read> qkv: array<f32>;
@if(rope_pairs || rope_halves) @group(0) @binding(3) var<storage, read> rope: array<vec2f>;  // [position][rotary / 2] of (cos, sin)
@if(qk_norm) @group(0) @binding(4) var<storage, read> qk_weight: array<f32>;  // [2][head_dim]: q, then k

fn query_at(row: u32, head: u32) -> u32 { return row * shape.qkv_stride + head * head_dim; }
fn key_at(row: u32, head: u32) -> u32 { return row * shape.qkv_stride + (shape.heads + head) * head_dim; }
fn value_at(row: u32, head: u32) -> u32 { return row * shape.qkv_stride + (shape.heads + shape.kv_heads + head) * head_dim; }

fn key_index(page: u32, head: u32, i: u32, slot: u32) -> u32 {
  return ((page * shape.kv_heads + head) * quarter + i) * page_size + slot;
}
fn value_index(page: u32, head: u32, slot: u32, d: u32) -> u32 {
  return ((page * shape.kv_heads + head) * page_size + slot) * head_dim + d;
}

/// 1 / rms of the head that begins at `at`; 1 for models without `qk_norm`.
fn head_scale(at: u32) -> f32 {
  @if(qk_norm) {
    var squares = 0.0;
    for (var d = 0u; d < head_dim; d++) { squares = fma(qkv[at + d], qkv[at + d], squares); }
    return inverseSqrt(squares / f32(head_dim) + shape.epsilon);
  }
  @else { return 1.0; }
}

/// Dimension `d` of the head at `at`, normalised. `which`: 0 for a query, 1 for a key.
fn normed(at: u32, d: u32, scale: f32, which: u32) -> f32 {
  @if(qk_norm) { return qkv[at + d] * scale * qk_weight[which * head_dim + d]; }
  @else { return qkv[at + d]; }
}

/// Dimension `d`, normalised and rotated for `position`.
fn rotated(at: u32, d: u32, position: u32, scale: f32, which: u32) -> f32 {
  let value = normed(at, d, scale, which);
  @if(rope_pairs || rope_halves) {
    if (d >= shape.rotary) { return value; }
    let half = shape.rotary / 2u;
    @if(rope_pairs) let first = (d & 1u) == 0u;
    @if(rope_pairs) let partner = d ^ 1u;
    @if(rope_pairs) let angle = rope[position * half + d / 2u];
    @if(rope_halves) let first = d < half;
    @if(rope_halves) let partner = select(d - half, d + half, first);
    @if(rope_halves) let angle = rope[position * half + select(d - half, d, first)];
    let other = normed(at, partner, scale, which);
    return fma(value, angle.x, select(other, -other, first) * angle.y);
  }
  @else { return value; }
}

/// Dimensions 4i to 4i + 3 of a head, normalised and rotated.
fn rotated4(at: u32, i: u32, position: u32, scale: f32, which: u32) -> vec4f {
  let d = 4u * i;
  return vec4f(
    rotated(at, d, position, scale, which), rotated(at, d + 1u, position, scale, which),
    rotated(at, d + 2u, position, scale, which), rotated(at, d + 3u, position, scale, which));
}
