"""Arrays in the binary form of the protocol, encoded here: an append sends a dozen, and the driver's own way takes ten times as long."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import psycopg
from psycopg.adapt import Dumper
from psycopg.pq import Format

from ledger.leaf import day_number, measured

_SHAPE = struct.Struct(">iiiii")
_NO_DIMENSION = struct.Struct(">iii")


class Array(bytes):
    """An encoded array, on its way to the server."""


def encoded(element: int, values: Sequence[Any], encode: Callable[[Any], bytes]) -> bytes:
    """A one-dimensional array of the element type with that number; no element is null."""
    if not values:
        return _NO_DIMENSION.pack(0, 0, element)
    return _SHAPE.pack(1, 0, element, len(values), 1) + b"".join([measured(encode(value)) for value in values])


def _kind(name: str, number: int, element: int, encode: Callable[[Any], bytes]) -> Callable[[Iterable[Any]], Array]:
    """An array type of the server: its number, its element's number, and how an element is encoded."""
    kind = type(name, (Array,), {})
    dumper = type(f"{name}Dumper", (_AsItIs,), {"oid": number})
    psycopg.adapters.register_dumper(kind, dumper)
    return lambda values: kind(encoded(element, list(values), encode))


class _AsItIs(Dumper):
    format = Format.BINARY

    def dump(self, obj: Array) -> bytes:
        return obj


def _number(size: int) -> Callable[[int], bytes]:
    return lambda value: value.to_bytes(size, "big", signed=True)


texts = _kind("Texts", 1009, 25, str.encode)
uuids = _kind("Uuids", 2951, 2950, lambda value: bytes(value.bytes))
bytestrings = _kind("Bytestrings", 1001, 17, bytes)
dates = _kind("Dates", 1182, 1082, day_number)
bigints = _kind("Bigints", 1016, 20, _number(8))
integers = _kind("Integers", 1007, 23, _number(4))
booleans = _kind("Booleans", 1000, 16, lambda value: bytes([value]))
