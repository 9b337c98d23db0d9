"""The lines of a file, plain or gzip, decoded strictly in the stated encoding, with the digest of what was read."""

from __future__ import annotations

import gzip
import hashlib
import io
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from domain.errors import Refusal
from ledger.importing import refusals

LONGEST_FIELD = 64 * 1024
LONGEST_LINE = 1024 * 1024

_GZIP = b"\x1f\x8b"
_UTF8_BOM = b"\xef\xbb\xbf"
_UTF16_BOMS = (b"\xff\xfe", b"\xfe\xff")
_ENDS_INSIDE = ("unexpected end of data", "incomplete multibyte sequence")


class Hashed(io.RawIOBase):
    """The raw bytes of a file; counts and hashes what passes."""

    def __init__(self, raw: io.FileIO, progress: Callable[[int], None] | None) -> None:
        self._raw = raw
        self._progress = progress
        self._hash = hashlib.sha256()
        self._done = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        size = self._raw.readinto(buffer) or 0
        self._hash.update(memoryview(buffer)[:size])
        self._done += size
        if self._progress is not None:
            self._progress(self._done)
        return size

    def digest(self) -> str:
        return self._hash.hexdigest()


@contextmanager
def opened(file: Path, progress: Callable[[int], None] | None) -> Iterator[tuple[io.BufferedIOBase, Hashed]]:
    """The file's content, unpacked if it is gzip (by its first bytes, or its name). Raises TapeUnreadable."""
    try:
        raw = io.FileIO(file)
    except OSError as problem:
        raise _unreadable(file, problem) from None
    with raw:
        hashed = Hashed(raw, progress)
        buffered = io.BufferedReader(hashed, LONGEST_FIELD)
        try:
            packed = buffered.peek(2)[:2] == _GZIP or file.suffix == ".gz"
        except OSError as problem:
            raise _unreadable(file, problem) from None
        yield gzip.GzipFile(fileobj=buffered) if packed else buffered, hashed


def _unreadable(file: Path, problem: OSError) -> Refusal:
    return refusals.TapeUnreadable(field="file", file=file, problem=problem.strerror or "the read failed")


class Lines:
    """An iterator of decoded lines; `unended` once the last line came without a line end."""

    def __init__(
        self, file: Path, stream: io.BufferedIOBase, hashed: Hashed, encoding: Literal["utf-8", "gb18030"]
    ) -> None:
        self.file = file
        self.number = 0
        self.unended = False
        self._stream = stream
        self._hashed = hashed
        self._encoding = encoding
        self._offset = 0

    def __iter__(self) -> Lines:
        return self

    def __next__(self) -> str:
        raw = self._read()
        if not raw:
            raise StopIteration
        self.number += 1
        self._check(raw)
        self.unended = not raw.endswith(b"\n")
        try:
            text = raw.decode(self._encoding)
        except UnicodeDecodeError as problem:
            raise self._undecodable(problem, len(raw)) from None
        self._offset += len(raw)
        return text.removeprefix("\ufeff") if self.number == 1 else text

    def digest(self) -> str:
        """SHA-256 of the file's bytes read so far."""
        return self._hashed.digest()

    def _read(self) -> bytes:
        try:
            return self._stream.readline(LONGEST_LINE + 1)
        except (EOFError, gzip.BadGzipFile, zlib.error) as problem:
            raise refusals.BadGzip(field="file", file=self.file, problem=str(problem)) from None
        except OSError as problem:
            raise _unreadable(self.file, problem) from None

    def _check(self, raw: bytes) -> None:
        if len(raw) > LONGEST_LINE:
            raise refusals.HugeLine(field="file", file=self.file, line=self.number, limit=LONGEST_LINE)
        if self.number == 1 and raw.startswith(_UTF16_BOMS):
            raise self._at(refusals.WrongEncoding, 0)
        if self.number == 1 and raw.startswith(_UTF8_BOM) and self._encoding != "utf-8":
            raise self._at(refusals.NotGb18030, 0)
        if (nul := raw.find(b"\0")) >= 0:
            raise self._at(refusals.NulByte, nul)

    def _undecodable(self, problem: UnicodeDecodeError, length: int) -> Refusal:
        if self.unended and problem.end >= length and problem.reason in _ENDS_INSIDE:
            return refusals.TapeCutOff(field="file", file=self.file, line=self.number)
        return self._at(refusals.NotUtf8 if self._encoding == "utf-8" else refusals.NotGb18030, problem.start)

    def _at(self, refusal: type[Refusal], place: int) -> Refusal:
        return refusal(field="file", file=self.file, line=self.number, offset=self._offset + place)
