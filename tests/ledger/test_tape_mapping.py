"""A mapping says all that is done to a tape; what is wrong with it is named with file, key and remedy."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from domain.errors import Refusal
from ledger.importing import refusals
from ledger.importing.mapping import load_mapping, shipped_mappings

REQUIRED = """
[loan]
loan_no = "no"
bank = "bank"
product = { value = "p" }
approved = "amount"
guaranteed = { value = "0.00" }
disbursed = "amount"
approved_on = "day"
status = { value = "open" }
"""


def written(tmp_path: Path, text: str) -> str:
    path = tmp_path / "mine.toml"
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_the_shipped_mappings_load_and_know_their_digest() -> None:
    assert shipped_mappings() == ("lending_club", "sba")
    sba, lending_club = map(load_mapping, ("sba", "lending_club"))
    assert sba.name == "sba" and len(sba.digest) == 64 and sba.digest != lending_club.digest


def test_a_mapping_by_path_is_read_with_or_without_a_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_bytes(b"\xef\xbb\xbf" + REQUIRED.encode())
    mapping = load_mapping(str(path))
    assert mapping.name == "mine"
    assert mapping.needed_columns() == ["no", "bank", "amount", "day"]


def test_a_mapping_does_not_change(tmp_path: Path) -> None:
    mapping = load_mapping(written(tmp_path, REQUIRED))
    with pytest.raises(ValidationError, match="frozen"):
        mapping.strip = True


@pytest.mark.parametrize("name", ["sbaa", "missing.toml", "no\0path.toml"])
def test_an_unknown_name_lists_the_shipped_ones(name: str) -> None:
    with pytest.raises(refusals.UnknownMapping, match="lending_club, sba"):
        load_mapping(name)


@pytest.mark.parametrize("raw", [b"[loan", "bank = '银行'".encode("gb18030"), b"a = " + b"[" * 100_000])
def test_what_is_not_toml_in_utf8_says_so(tmp_path: Path, raw: bytes) -> None:
    path = tmp_path / "mine.toml"
    path.write_bytes(raw)
    with pytest.raises(refusals.MappingNotToml, match=r"mine\.toml"):
        load_mapping(str(path))


@pytest.mark.parametrize(
    ("text", "refusal", "said"),
    [
        ("delimeter = ','\n" + REQUIRED, refusals.UnknownKey, "no key delimeter here; the keys are .*delimiter"),
        ("name = 'x'\n" + REQUIRED, refusals.UnknownKey, "no key name"),
        (REQUIRED + "charged = 'x'", refusals.UnknownTarget, "charged is no field of a loan.*charged_off"),
        (
            REQUIRED + "charged_off = { column = 'x', rounding = 'half_up' }",
            refusals.UnknownKey,
            r"loan\.charged_off\.rounding here.*round",
        ),
        (REQUIRED.replace('bank = "bank"\n', ""), refusals.MissingTarget, r"loan\.bank"),
        ("title = 'x'", refusals.MissingTarget, "does not say loan"),
        ("encoding = 'latin-1'\n" + REQUIRED, refusals.BadMapping, "encoding"),
        ("keep = 'x'\n" + REQUIRED, refusals.BadMapping, "keep"),
        (REQUIRED + "charged_off = { }", refusals.BadMapping, r"loan\.charged_off: say either column"),
        (REQUIRED + "charged_off = { column = 'x', value = '1' }", refusals.BadMapping, "say either column"),
        (REQUIRED + "charged_off = { value = '1', fill = '2' }", refusals.BadMapping, "name it with column"),
        (REQUIRED + "charged_off = { column = 'x', fill = '1.005' }", refusals.BadMapping, "too_many_decimals"),
        (REQUIRED + "charged_off = { column = 'x', thousands = '.' }", refusals.BadMapping, "thousands"),
        (REQUIRED + "charged_off_on = { column = 'x', format = '%y%m%d' }", refusals.BadMapping, "any century"),
        (REQUIRED + "charged_off_on = { column = 'x', format = '%Y%m' }", refusals.BadMapping, "say the day once"),
        (REQUIRED + "charged_off_on = { column = 'x', day = 1 }", refusals.BadMapping, "say the day once"),
        (REQUIRED + "charged_off_on = { column = 'x', format = '%Y%Y%m%d' }", refusals.BadMapping, "twice"),
        (REQUIRED + "charged_off_on = { column = 'x', format = '%m%d' }", refusals.BadMapping, "needs %Y"),
        (REQUIRED + "charged_off_on = { column = 'x', fill = '2001-01-01' }", refusals.UnknownKey, "fill"),
        (REQUIRED + "term_months = 36", refusals.BadMapping, r"loan\.term_months"),
        (REQUIRED.replace('{ value = "open" }', "'s'"), refusals.BadMapping, "say codes"),
        (REQUIRED.replace('"open"', '"closed"'), refusals.BadMapping, "value is one of"),
        (REQUIRED.replace('"no"', "{ value = '1' }"), refusals.BadMapping, "number of its own"),
        (REQUIRED + "borrower_name = { value = 'x' }", refusals.BadMapping, "a column of its own"),
        (
            REQUIRED + "charged_off = { derive = 'approved_less_paid_and_outstanding', when_status = ['x'] }",
            refusals.BadMapping,
            "paid_principal and outstanding",
        ),
        (
            REQUIRED + "charged_off = { derive = 'approved_less_paid_and_outstanding' }",
            refusals.BadMapping,
            "derive and when_status go together",
        ),
        (REQUIRED + "[codes]\nother = ['1']", refusals.BadMapping, r"codes\.other"),
        ("ignore = ['x']\n" + REQUIRED + "[codes]\nx = ['1']", refusals.BadMapping, r"codes\.x: codes are listed"),
        ("keep = ['x']\n" + REQUIRED + "[codes]\nx = [0, 1]", refusals.BadMapping, r"codes\.x\.0"),
    ],
)
def test_what_is_wrong_is_named_with_its_key(tmp_path: Path, text: str, refusal: type[Refusal], said: str) -> None:
    with pytest.raises(refusal, match=said) as refused:
        load_mapping(written(tmp_path, text))
    assert "mine.toml" in str(refused.value)
    assert "mine.toml" in refused.value.message("zh")


@pytest.mark.parametrize(
    ("text", "both"),
    [
        ("keep = ['bank']\n" + REQUIRED, r"loan\.bank and keep"),
        ("ignore = ['bank']\n" + REQUIRED, r"loan\.bank and ignore"),
        ("keep = ['x']\nignore = ['x']\n" + REQUIRED, "keep and ignore"),
        ("keep = ['x', 'x']\n" + REQUIRED, "keep and keep"),
        (REQUIRED + "borrower_name = 'x'\nborrower_phone = 'x'", r"loan\.borrower_name and loan\.borrower_phone"),
        (REQUIRED + "borrower_name = 'bank'", r"loan\.bank and loan\.borrower_name"),
        ("keep = ['x']\n" + REQUIRED + "borrower_phone = 'x'", r"loan\.borrower_phone and keep"),
    ],
)
def test_a_column_stands_in_one_place_and_a_personal_one_in_one_field(tmp_path: Path, text: str, both: str) -> None:
    with pytest.raises(refusals.ColumnUsedTwice, match=both):
        load_mapping(written(tmp_path, text))


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200))
def test_any_mapping_is_read_or_refused(raw: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "mine.toml")
        path.write_bytes(REQUIRED.encode() + raw)
        try:
            load_mapping(str(path))
        except Refusal as refused:
            assert "mine.toml" in str(refused)
