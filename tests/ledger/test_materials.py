"""Documents are what their content says, kept once, and readable with their person's key only."""

from __future__ import annotations

import hashlib
from pathlib import Path
from uuid import uuid4

import pytest

from ledger.keystore import PersonKey
from ledger.materials import LARGEST, MaterialLost, MaterialRefused, MaterialStore, MaterialUnreadable

KEY = PersonKey(uuid4(), uuid4(), bytes(32))
OTHER = PersonKey(uuid4(), uuid4(), bytes([1]) * 32)
PDF = b"%PDF-1.7\n1 0 obj"
PNG = b"\x89PNG\r\n\x1a\n\x00"
OFD = b"PK\x03\x04....OFD.xml...."


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
        ("id.jpeg", b"\xff\xd8\xff\xe0", "image/jpeg"),
        ("id.jpg", b"\xff\xd8\xff\xdb", "image/jpeg"),
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
        ("licence.ofd", b"PK\x03\x04 an archive", "is an archive and no OFD document"),
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
