"""Writes and reads GGUF version 3. Specification: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md

The reader is for files of our own making: it knows the block formats of block_formats.py and trusts the lengths.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

from block_formats import BLOCK_FORMATS, Bytes, Floats

MAGIC, VERSION, ALIGNMENT = b"GGUF", 3, 32
UINT32, INT32, FLOAT32, BOOL, STRING, ARRAY = 4, 5, 6, 7, 8, 9
NUMBER_FORMATS = {UINT32: "<I", INT32: "<i", FLOAT32: "<f", BOOL: "<?"}

Scalar = bool | int | float | str
Value = Scalar | Sequence[Scalar]


@dataclass(frozen=True)
class Tensor:
    """shape: as PyTorch has it, rows first; the file lists the dimensions the other way round."""

    shape: tuple[int, ...]
    format: str
    blocks: Bytes

    def dequantised(self) -> Floats:
        return BLOCK_FORMATS[self.format].dequantise(self.blocks).reshape(self.shape)


def quantised(weights: Floats, format_name: str) -> Tensor:
    return Tensor(weights.shape, format_name, BLOCK_FORMATS[format_name].quantise(weights))


def scalar_type(value: Scalar) -> int:
    if isinstance(value, bool):
        return BOOL
    if isinstance(value, int):
        return UINT32
    return FLOAT32 if isinstance(value, float) else STRING


def string(text: str) -> bytes:
    encoded = text.encode("utf-8")
    return struct.pack("<Q", len(encoded)) + encoded


def scalar(value: Scalar, value_type: int) -> bytes:
    return string(value) if isinstance(value, str) else struct.pack(NUMBER_FORMATS[value_type], value)


def key_value(key: str, value: Value) -> bytes:
    if isinstance(value, bool | int | float | str):
        value_type = scalar_type(value)
        return string(key) + struct.pack("<I", value_type) + scalar(value, value_type)
    # Token types, the one array of integers in a header, are int32 by convention.
    item_type = INT32 if isinstance(value[0], int) else scalar_type(value[0])
    items = b"".join(scalar(item, item_type) for item in value)
    return string(key) + struct.pack("<IIQ", ARRAY, item_type, len(value)) + items


def aligned(offset: int) -> int:
    return -(-offset // ALIGNMENT) * ALIGNMENT


def write(path: Path, metadata: dict[str, Value], tensors: dict[str, Tensor]) -> None:
    header = MAGIC + struct.pack("<IQQ", VERSION, len(tensors), len(metadata))
    header += b"".join(key_value(key, value) for key, value in metadata.items())
    offset = 0
    for name, tensor in tensors.items():
        dimensions = struct.pack(f"<{len(tensor.shape)}Q", *reversed(tensor.shape))
        header += string(name) + struct.pack("<I", len(tensor.shape)) + dimensions
        header += struct.pack("<IQ", BLOCK_FORMATS[tensor.format].ggml_type, offset)
        offset = aligned(offset + tensor.blocks.nbytes)
    with path.open("wb") as file:
        file.write(header.ljust(aligned(len(header)), b"\0"))
        for tensor in tensors.values():
            file.write(tensor.blocks.tobytes().ljust(aligned(tensor.blocks.nbytes), b"\0"))


def read_struct(file: BinaryIO, layout: str) -> tuple:
    return struct.unpack(layout, file.read(struct.calcsize(layout)))


def read_string(file: BinaryIO) -> str:
    (length,) = read_struct(file, "<Q")
    return file.read(length).decode("utf-8")


def read_scalar(file: BinaryIO, value_type: int) -> Scalar:
    return read_string(file) if value_type == STRING else read_struct(file, NUMBER_FORMATS[value_type])[0]


def read_value(file: BinaryIO, value_type: int) -> Value:
    if value_type != ARRAY:
        return read_scalar(file, value_type)
    item_type, length = read_struct(file, "<IQ")
    return [read_scalar(file, item_type) for _ in range(length)]


def read(path: Path) -> tuple[dict[str, Value], dict[str, Tensor]]:
    formats = {block_format.ggml_type: name for name, block_format in BLOCK_FORMATS.items()}
    with path.open("rb") as file:
        assert file.read(4) == MAGIC
        version, tensor_count, metadata_count = read_struct(file, "<IQQ")
        assert version == VERSION
        metadata: dict[str, Value] = {}
        for _ in range(metadata_count):
            key = read_string(file)
            metadata[key] = read_value(file, *read_struct(file, "<I"))
        places: dict[str, tuple[tuple[int, ...], str, int]] = {}
        for _ in range(tensor_count):
            name = read_string(file)
            (rank,) = read_struct(file, "<I")
            shape = tuple(reversed(read_struct(file, f"<{rank}Q")))
            ggml_type, offset = read_struct(file, "<IQ")
            places[name] = (shape, formats[ggml_type], offset)
        start = aligned(file.tell())
        tensors: dict[str, Tensor] = {}
        for name, (shape, format_name, offset) in places.items():
            block_format = BLOCK_FORMATS[format_name]
            blocks = int(np.prod(shape)) // block_format.weights
            file.seek(start + offset)
            data = np.frombuffer(file.read(blocks * block_format.size), dtype=np.uint8)
            tensors[name] = Tensor(shape, format_name, data.reshape(blocks, block_format.size))
    return metadata, tensors
