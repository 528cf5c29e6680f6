// Helpers that the block formats share. Byte b of a word belongs to element 4g + b of group g (0..7): the low nibbles of a
// block are groups 0..3, its high nibbles are groups 4..7, as in the file.

const byte_shifts = vec4u(0u, 8u, 16u, 24u);

/// Four unsigned nibbles of the bytes of `word`, the low ones (shift 0) or the high ones (shift 4).
fn nibbles(word: u32, shift: u32) -> vec4u {
  return (vec4u(word >> shift) >> byte_shifts) & vec4u(15u);
}

/// Bit `g` of each byte of `word`, as 0 or 16: the fifth bit of group g.
fn fifth_bits(word: u32, g: u32) -> vec4u {
  return ((vec4u(word >> g) >> byte_shifts) & vec4u(1u)) << vec4u(4u);
}

/// Bits 2g, 2g + 1 of each byte of `word`, as 0, 16, 32 or 48: the upper two bits of a 6-bit quant.
fn upper_two_bits(word: u32, g: u32) -> vec4u {
  return ((vec4u(word >> (2u * g)) >> byte_shifts) & vec4u(3u)) << vec4u(4u);
}

/// Four signed bytes.
fn signed_bytes(word: u32) -> vec4f {
  return vec4f((vec4i(vec4u(word) << vec4u(24u, 16u, 8u, 0u))) >> vec4u(24u));
}

/// The two halves of a word, the low one first. Some drivers flush subnormal halves to zero. `integer_halves` therefore assembles
/// the f32 by integer arithmetic; a subnormal half is its fraction times 2^-24, which is a normal f32.
fn halves_of(word: u32) -> vec2f {
  @if(integer_halves) {
    let bits = vec2u(word, word >> 16u);
    let magnitude = bits & vec2u(0x7fffu);
    let exponent = select(vec2u(112u << 23u), vec2u(224u << 23u), magnitude >= vec2u(0x7c00u));
    let normal = (magnitude << vec2u(13u)) + exponent;
    let subnormal = bitcast<vec2u>(vec2f(magnitude) * 0x1p-24f);
    let value = select(normal, subnormal, magnitude < vec2u(0x400u));
    return bitcast<vec2f>(value | ((bits & vec2u(0x8000u)) << vec2u(16u)));
  }
  @else { return unpack2x16float(word); }
}

/// Half `i` (0 or 1) of two halves in a word.
fn half_of(word: u32, i: u32) -> f32 {
  return halves_of(word >> (16u * i)).x;
}

/// The 6-bit scale (x) and minimum (y) of sub-block `j` of a K-quant super-block. The packed scales are in the
/// words w.y (scales, low nibbles), w.z (minima, low nibbles) and w.w (upper two bits: scales, then minima).
fn k_scale_min(w: vec4u, j: u32) -> vec2f {
  let low = (vec2u(w.y, w.z) >> vec2u(4u * j)) & vec2u(15u);
  let high = (vec2u(w.w, w.w >> 16u) >> vec2u(2u * j)) & vec2u(3u);
  return vec2f(low | (high << vec2u(4u)));
}
