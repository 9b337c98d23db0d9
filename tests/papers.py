"""Papers 材料: the least documents of every type that is accepted, each with content of its own."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile


def pdf(text: str = "") -> bytes:
    body = f"%PDF-1.7\n% {text}\n".encode()
    return body + f"xref\n0 0\ntrailer\n<<>>\nstartxref\n{len(body)}\n%%EOF\n".encode()


def png(text: str = "") -> bytes:
    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    size = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    parts = ((b"IHDR", size), (b"tEXt", text.encode()), (b"IDAT", zlib.compress(b"\x00\x00")), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(name, data) for name, data in parts)


def jpeg(text: str = "") -> bytes:
    def segment(marker: int, data: bytes) -> bytes:
        return bytes([0xFF, marker]) + struct.pack(">H", len(data) + 2) + data

    frame = struct.pack(">BHHB", 8, 1, 1, 1) + b"\x01\x11\x00"
    scan = segment(0xDA, b"\x01\x01\x00\x00\x3f\x00") + b"\x00"
    return b"\xff\xd8" + segment(0xE0, b"JFIF\x00" + text.encode()) + segment(0xC0, frame) + scan + b"\xff\xd9"


def ofd(text: str = "", root: str = "OFD.xml") -> bytes:
    made = BytesIO()
    with ZipFile(made, "w", ZIP_DEFLATED) as archive:
        archive.writestr(root, f'<ofd:OFD xmlns:ofd="http://www.ofdspec.org/2016"><!-- {text} --></ofd:OFD>')
    return made.getvalue()
