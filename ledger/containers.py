"""Containers 文件结构: whether a document is whole and is what its first bytes say; nothing is decoded, nothing unpacked but one list of names."""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Callable, Iterator, Mapping
from io import BytesIO
from zipfile import BadZipFile, ZipFile

_TAIL = 1024
"""Within how many last bytes a PDF ends: readers look there."""
_LONGEST_ROOT = 1_000_000


def is_whole(kind: str, content: bytes) -> bool:
    """Whether a document of that type ends as it should and holds what it must."""
    return _WHOLE[kind](content)


def _pdf(content: bytes) -> bool:
    """ISO 32000: its last lines say where its table of contents stands."""
    ends = re.search(rb"startxref\s+(\d{1,10})\s+%%EOF\s*$", content[-_TAIL:].rstrip(b"\x00\r\n\t "))
    return ends is not None and int(ends[1]) < len(content)


def _png(content: bytes) -> bool:
    """ISO 15948: chunks with their checksums, from a header with a size over data to an end."""
    names = list(_chunks(content))
    width, height = struct.unpack(">II", content[16:24]) if names[:1] == [b"IHDR"] else (0, 0)
    return bool(width and height and b"IDAT" in names and names[-1] == b"IEND")


def _chunks(content: bytes) -> Iterator[bytes]:
    """The names of the chunks, as far as they are whole."""
    place = 8
    while place + 12 <= len(content):
        (length,) = struct.unpack(">I", content[place : place + 4])
        named, end = content[place + 4 : place + 8 + length], place + 12 + length
        if end > len(content) or zlib.crc32(named) != struct.unpack(">I", content[end - 4 : end])[0]:
            return
        yield named[:4]
        if named[:4] == b"IEND":
            return
        place = end


def _jpeg(content: bytes) -> bool:
    """ISO 10918: segments with a frame of some size before the scan, and an end."""
    place, sized = 2, False
    while place + 4 <= len(content) and content[place] == 0xFF:
        marker = content[place + 1]
        if marker == 0xFF:
            place += 1
            continue
        (length,) = struct.unpack(">H", content[place + 2 : place + 4])
        if marker in _FRAMES:
            sized = (
                len(content) > place + 9 and any(content[place + 5 : place + 7]) and any(content[place + 7 : place + 9])
            )
        if marker == _SCAN:
            return sized and b"\xff\xd9" in content[place + 2 + length :]
        place += 2 + length
    return False


_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_SCAN = 0xDA


def _ofd(content: bytes) -> bool:
    """GB/T 33190: a ZIP whose root `OFD.xml` names its documents."""
    try:
        with ZipFile(BytesIO(content)) as archive:
            root = archive.getinfo("OFD.xml")
            if root.file_size > _LONGEST_ROOT or root.flag_bits & 1:
                return False
            with archive.open(root) as opened:
                return b"OFD" in opened.read(_LONGEST_ROOT)
    except _UNREADABLE:
        return False


_UNREADABLE = (
    *(BadZipFile, EOFError, OSError, ValueError, zlib.error),
    KeyError,  # there is no such root
    NotImplementedError,  # packed by a method that zipfile does not know
    RuntimeError,  # enciphered
)
"""What zipfile raises of bytes that are no whole archive; nothing else is caught."""


_WHOLE: Mapping[str, Callable[[bytes], bool]] = {
    "application/pdf": _pdf,
    "image/png": _png,
    "image/jpeg": _jpeg,
    "application/ofd": _ofd,
}
