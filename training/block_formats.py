"""GGUF's block formats: quantising and, for evaluation, reading the bytes back.

Layouts: ggml's `ggml-common.h`. Weights of any shape are taken as blocks one after another; bytes are [blocks, size].
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Bytes = NDArray[np.uint8]


def half(x: Floats) -> Floats:
    """x rounded to what 16 bits hold: codes are chosen against the scale that the reader will see."""
    return x.astype(np.float16).astype(np.float32)


def as_bytes(x: NDArray[np.generic]) -> Bytes:
    return np.ascontiguousarray(x).view(np.uint8).reshape(x.shape[0], -1)


def inverse(x: Floats) -> Floats:
    return np.divide(1, x, out=np.zeros_like(x), where=x != 0)


def quantise_f32(x: Floats) -> Bytes:
    return as_bytes(x.reshape(-1, 1).astype("<f4"))


def dequantise_f32(blocks: Bytes) -> Floats:
    return blocks.view("<f4").reshape(-1)


def quantise_q8_0(x: Floats) -> Bytes:
    """32 weights: scale f16, 32 codes int8."""
    x = x.reshape(-1, 32)
    scale = half(np.abs(x).max(1, keepdims=True) / 127)
    codes = np.clip(np.rint(x * inverse(scale)), -127, 127).astype(np.int8)
    return np.concatenate([as_bytes(scale.astype("<f2")), as_bytes(codes)], 1)


def dequantise_q8_0(blocks: Bytes) -> Floats:
    scale = np.ascontiguousarray(blocks[:, :2]).view("<f2").astype(np.float32)
    return (scale * np.ascontiguousarray(blocks[:, 2:]).view(np.int8)).reshape(-1)


def fit_affine(x: Floats) -> tuple[Floats, Floats]:
    """For each row of x the scale and minimum, both >= 0, with about the least squared error of scale * code - minimum,
    codes 0…15: from a grid of step sizes, each followed by least squares for the codes that it gives."""
    low = np.minimum(x.min(1, keepdims=True), 0)
    spread = x.max(1, keepdims=True) - low
    best_scale, best_minimum = spread / 15, -low
    best_error = np.full_like(spread, np.inf)
    mean_x = x.mean(1, keepdims=True)
    for step in np.linspace(-1.5, 1.5, 31, dtype=np.float32):
        codes = np.clip(np.rint((x - low) * ((15 + step) * inverse(spread))), 0, 15)
        mean_codes = codes.mean(1, keepdims=True)
        variance = codes.var(1, keepdims=True)
        scale = ((codes - mean_codes) * (x - mean_x)).mean(1, keepdims=True) * inverse(variance)
        minimum = scale * mean_codes - mean_x
        # A minimum below zero cannot be stored: the best line through the origin instead.
        through_origin = (codes * x).sum(1, keepdims=True) * inverse(np.square(codes).sum(1, keepdims=True))
        scale = np.maximum(np.where(minimum < 0, through_origin, scale), 0)
        minimum = np.maximum(minimum, 0)
        codes = np.clip(np.rint((x + minimum) * inverse(scale)), 0, 15)
        error = np.square(scale * codes - minimum - x).sum(1, keepdims=True)
        better = error < best_error
        best_error = np.where(better, error, best_error)
        best_scale = np.where(better, scale, best_scale)
        best_minimum = np.where(better, minimum, best_minimum)
    return best_scale, best_minimum


def quantise_q4_k(x: Floats) -> Bytes:
    """256 weights in 8 groups: f16 scale of the scales, f16 scale of the minimums, 8 + 8 of 6 bits, 256 of 4 bits."""
    groups = x.reshape(-1, 32)
    scales, minimums = (part.reshape(-1, 8) for part in fit_affine(groups))
    super_scale = half(scales.max(1, keepdims=True) / 63)
    super_minimum = half(minimums.max(1, keepdims=True) / 63)
    scale_codes = np.clip(np.rint(scales * inverse(super_scale)), 0, 63)
    minimum_codes = np.clip(np.rint(minimums * inverse(super_minimum)), 0, 63)
    scale = (super_scale * scale_codes).reshape(-1, 1)
    minimum = (super_minimum * minimum_codes).reshape(-1, 1)
    codes = np.clip(np.rint((groups + minimum) * inverse(scale)), 0, 15).astype(np.uint8).reshape(-1, 4, 2, 32)
    return np.concatenate(
        [
            as_bytes(super_scale.astype("<f2")),
            as_bytes(super_minimum.astype("<f2")),
            pack_6_bits(scale_codes.astype(np.uint8), minimum_codes.astype(np.uint8)),
            # Two groups share 32 bytes: the first in the low nibbles, the second in the high ones.
            as_bytes(codes[:, :, 0] | codes[:, :, 1] << 4),
        ],
        1,
    )


def pack_6_bits(scales: Bytes, minimums: Bytes) -> Bytes:
    """[blocks, 8] twice to [blocks, 12]: the top two bits of the last four sit above the first four."""
    return np.concatenate(
        [
            scales[:, :4] | scales[:, 4:] >> 4 << 6,
            minimums[:, :4] | minimums[:, 4:] >> 4 << 6,
            scales[:, 4:] & 15 | (minimums[:, 4:] & 15) << 4,
        ],
        1,
    )


def unpack_6_bits(packed: Bytes) -> tuple[Bytes, Bytes]:
    first_scales, first_minimums, low = packed[:, :4], packed[:, 4:8], packed[:, 8:]
    scales = np.concatenate([first_scales & 63, low & 15 | first_scales >> 6 << 4], 1)
    minimums = np.concatenate([first_minimums & 63, low >> 4 | first_minimums >> 6 << 4], 1)
    return scales, minimums


def dequantise_q4_k(blocks: Bytes) -> Floats:
    super_scales = np.ascontiguousarray(blocks[:, :4]).view("<f2").astype(np.float32)
    scales, minimums = unpack_6_bits(blocks[:, 4:16])
    nibbles = blocks[:, 16:].reshape(-1, 4, 1, 32)
    codes = np.concatenate([nibbles & 15, nibbles >> 4], 2).reshape(-1, 8, 32)
    scale, minimum = super_scales[:, :1] * scales, super_scales[:, 1:] * minimums
    return (scale[..., None] * codes - minimum[..., None]).reshape(-1).astype(np.float32)


@dataclass(frozen=True)
class BlockFormat:
    ggml_type: int
    weights: int
    size: int
    quantise: Callable[[Floats], Bytes]
    dequantise: Callable[[Bytes], Floats]


BLOCK_FORMATS = {
    "F32": BlockFormat(0, 1, 4, quantise_f32, dequantise_f32),
    "Q8_0": BlockFormat(8, 32, 34, quantise_q8_0, dequantise_q8_0),
    "Q4_K": BlockFormat(12, 256, 144, quantise_q4_k, dequantise_q4_k),
}
