"""Reads a TensorFlow checkpoint (version 2, the "tensor bundle") without TensorFlow.

Its index is a LevelDB table: blocks of keys that share their beginnings, each key a variable's name, each value a
protocol buffer (BundleEntryProto) that tells shape and place in the data file.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

FOOTER_BYTES = 48
MAGIC = struct.pack("<Q", 0xDB4775248B80FB57)
DT_FLOAT = 1
TYPE_FIELD, SHAPE_FIELD, OFFSET_FIELD, SIZE_FIELD = 1, 2, 4, 5
DIMENSIONS_FIELD, DIMENSION_SIZE_FIELD = 2, 1


def read_checkpoint(index: bytes, data: bytes) -> dict[str, NDArray[np.float32]]:
    """The float32 variables of a checkpoint of one data file, by name; ValueError for anything else."""
    footer = index[-FOOTER_BYTES:]
    if not footer.endswith(MAGIC):
        raise ValueError("the index is no TensorFlow checkpoint: it lacks LevelDB's magic number")
    position = _varint(footer, _varint(footer, 0)[1])[1]  # behind the handle of the (unused) meta index
    variables = {}
    for _, handle in _block(index, *_pair(footer, position)):
        for name, entry in _block(index, *_pair(handle, 0)):
            if not name:  # the header
                continue
            fields = _message(entry)
            if fields.get(TYPE_FIELD, [0])[0] != DT_FLOAT:
                continue
            start, size = _number(fields, OFFSET_FIELD), _number(fields, SIZE_FIELD)
            values = np.frombuffer(data[start : start + size], "<f4")
            variables[name.decode()] = values.reshape(_shape(fields))
    return variables


Fields = dict[int, list[int | bytes]]


def _varint(data: bytes, position: int) -> tuple[int, int]:
    """A number in groups of seven bits, the lowest first, and the position behind it."""
    value = shift = 0
    while True:
        byte = data[position]
        position += 1
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return value, position


def _pair(data: bytes, position: int) -> tuple[int, int]:
    """A block's handle: offset and size."""
    offset, position = _varint(data, position)
    return offset, _varint(data, position)[0]


def _block(table: bytes, offset: int, size: int) -> Iterator[tuple[bytes, bytes]]:
    """The keys and values of one block."""
    if table[offset + size] != 0:
        raise ValueError("the checkpoint's index is compressed: expected a plain one")
    block = table[offset : offset + size]
    restarts = struct.unpack("<I", block[-4:])[0]
    end, position, key = len(block) - 4 * (restarts + 1), 0, b""
    while position < end:
        shared, position = _varint(block, position)
        fresh, position = _varint(block, position)
        length, position = _varint(block, position)
        key = key[:shared] + block[position : position + fresh]
        position += fresh
        yield key, block[position : position + length]
        position += length


def _message(data: bytes) -> Fields:
    """A protocol buffer's fields by number, each in the order of the file."""
    fields: Fields = {}
    position = 0
    while position < len(data):
        tag, position = _varint(data, position)
        value: int | bytes
        if tag & 7 == 0:
            value, position = _varint(data, position)
        else:
            length, position = (
                _varint(data, position) if tag & 7 == 2 else (4 if tag & 7 == 5 else 8, position)
            )
            value = data[position : position + length]
            position += length
        fields.setdefault(tag >> 3, []).append(value)
    return fields


def _number(fields: Fields, field: int) -> int:
    value = fields.get(field, [0])[0]
    if isinstance(value, bytes):
        raise ValueError(f"field {field} of the checkpoint's index isn't a number")
    return value


def _shape(fields: Fields) -> list[int]:
    shape = fields.get(SHAPE_FIELD, [b""])[0]
    if isinstance(shape, int):
        raise ValueError("the checkpoint's index holds no shape")
    sizes = _message(shape).get(DIMENSIONS_FIELD, [])
    return [_number(_message(size), DIMENSION_SIZE_FIELD) for size in sizes if isinstance(size, bytes)]
