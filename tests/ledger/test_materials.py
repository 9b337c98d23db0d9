"""Documents are what their content says, kept once, and readable with their person's key only."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.keystore import PersonKey
from ledger.materials import (
    LARGEST,
    MaterialLost,
    MaterialRefused,
    MaterialStore,
    MaterialUnreadable,
    media_type,
)
from tests.papers import jpeg, ofd, pdf, png

KEY = PersonKey(uuid4(), uuid4(), bytes(32))
OTHER = PersonKey(uuid4(), uuid4(), bytes([1]) * 32)
PDF, PNG, JPEG, OFD = pdf(), png(), jpeg(), ofd()


@pytest.fixture
def store(tmp_path: Path) -> MaterialStore:
    return MaterialStore(tmp_path / "materials")


def written(folder: Path, name: str, content: bytes) -> Path:
    file = folder / name
    file.write_bytes(content)
    return file


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("form.pdf", PDF, "application/pdf"),
        ("FORM.PDF", PDF, "application/pdf"),
        ("id.png", PNG, "image/png"),
        ("id.jpeg", JPEG, "image/jpeg"),
        ("id.jpg", jpeg("x"), "image/jpeg"),
        ("licence.ofd", OFD, "application/ofd"),
    ],
)
def test_a_document_comes_back_as_it_was_and_is_known_by_its_digest(
    store: MaterialStore, tmp_path: Path, name: str, content: bytes, kind: str
) -> None:
    kept = store.take_file(written(tmp_path, name, content), KEY)
    assert (kept.digest, kept.media_type, kept.size) == (hashlib.sha256(content).hexdigest(), kind, len(content))
    assert store.open(kept.digest, KEY) == content


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("id.png", PDF, "is application/pdf under another name"),
        ("form.pdf", PNG, "is image/png under another name"),
        ("form.pdf", b"MZ\x90\x00", "is of no type that is accepted"),
        ("form.pdf", b"<html>", "is of no type that is accepted"),
        ("form.pdf", b"", "is empty"),
        ("licence.ofd", ofd(root="other.xml"), "is no whole application/ofd"),
        ("licence.ofd", OFD[:-10], "is no whole application/ofd"),
        ("licence.ofd", b"PK\x03\x04 OFD.xml", "is no whole application/ofd"),
        ("form.pdf", b"%PDF-", "is no whole application/pdf"),
        ("form.pdf", PDF[:-7], "is no whole application/pdf"),
        ("form.pdf", PDF.replace(b"startxref\n", b"startxref\n9"), "is no whole application/pdf"),
        ("id.png", PNG[:-12], "is no whole image/png"),
        ("id.png", PNG.replace(b"IDAT", b"IDAX"), "is no whole image/png"),
        ("id.png", PNG[:8], "is no whole image/png"),
        ("id.jpg", JPEG[:-2], "is no whole image/jpeg"),
        ("id.jpg", JPEG[:3], "is no whole image/jpeg"),
        ("id.jpg", JPEG.replace(b"\x08\x00\x01\x00\x01", b"\x08\x00\x00\x00\x01"), "is no whole image/jpeg"),
        ("form", PDF, "is application/pdf under another name"),
    ],
)
def test_a_document_that_lies_about_its_type_is_refused(
    store: MaterialStore, tmp_path: Path, name: str, content: bytes, said: str
) -> None:
    with pytest.raises(MaterialRefused, match=said):
        store.take_file(written(tmp_path, name, content), KEY)
    assert not (tmp_path / "materials").exists()


def test_what_is_too_large_or_not_there_is_refused(store: MaterialStore, tmp_path: Path) -> None:
    large = tmp_path / "large.pdf"
    with large.open("wb") as made:
        made.write(PDF)
        made.truncate(LARGEST + 1)
    with pytest.raises(MaterialRefused, match="larger than 20 MB"):
        store.take_file(large, KEY)
    for nowhere in (tmp_path / "none.pdf", tmp_path, Path("a\x00b")):
        with pytest.raises(MaterialUnreadable):
            store.take_file(nowhere, KEY)


def test_nothing_of_a_document_is_readable_on_the_disk_or_with_another_key(
    store: MaterialStore, tmp_path: Path
) -> None:
    kept = store.take(PDF + b"ZHANG SAN 370811", "application/pdf", KEY)
    files = [file for file in (tmp_path / "materials").rglob("*") if file.is_file()]
    assert len(files) == 1
    assert b"ZHANG" not in files[0].read_bytes()
    assert files[0].stat().st_mode & 0o077 == 0
    with pytest.raises(MaterialLost):
        store.open(kept.digest, OTHER)


def test_the_same_document_is_kept_once_for_each_person(store: MaterialStore, tmp_path: Path) -> None:
    for key in (KEY, KEY, OTHER):
        kept = store.take(PDF, "application/pdf", key)
        assert store.open(kept.digest, key) == PDF
    assert len([file for file in (tmp_path / "materials").rglob("*") if file.is_file()]) == 2


@pytest.mark.parametrize("harm", ["changed", "cut", "gone"])
def test_a_document_that_was_harmed_is_lost_and_said_to_be(store: MaterialStore, tmp_path: Path, harm: str) -> None:
    kept = store.take(PDF, "application/pdf", KEY)
    (file,) = [file for file in (tmp_path / "materials").rglob("*") if file.is_file()]
    sealed = file.read_bytes()
    if harm == "gone":
        file.unlink()
    else:
        file.write_bytes(sealed[:-1] + bytes([sealed[-1] ^ 1]) if harm == "changed" else sealed[:5])
    with pytest.raises(MaterialLost, match=kept.digest):
        store.open(kept.digest, KEY)


@given(st.sampled_from([PDF, PNG, JPEG, OFD]), st.binary(max_size=60), st.integers(0, 300))
def test_whatever_is_mangled_it_is_a_document_or_refused(content: bytes, put: bytes, place: int) -> None:
    mangled = content[:8] + (content[:place] + put + content[place + len(put) :])[8:]
    for name in ("a.pdf", "a.png", "a.jpg", "a.ofd"):
        with suppress(MaterialRefused):
            assert media_type(mangled, Path(name))
