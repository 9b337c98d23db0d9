"""Payment references: check digits that no swapped or mistyped sign survives, and what is read out of a text."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.reconciliation.reading import line_references
from domain.reconciliation.references import (
    is_personal,
    is_whole,
    payment_reference,
    plain_number,
    references_in,
)
from domain.reconciliation.statement import StatementLine

NUMBERS = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", min_size=1, max_size=21)


def test_the_standard_s_own_examples() -> None:
    assert payment_reference("539007547034") == "RF18539007547034", (
        "ISO 11649, as the European Payments Council shows it"
    )
    assert is_whole("RF18 5390 0754 7034") and is_whole("rf18539007547034")
    assert payment_reference("JN-2025-000123-1") == payment_reference("jn20250001231")
    assert payment_reference("济宁") is None and payment_reference("X" * 22) is None


def test_zeros_before_a_bank_s_number_do_not_count() -> None:
    assert plain_number("000000123457") == plain_number("123457") == plain_number("0123-457")
    assert plain_number("000") == "000"


@given(NUMBERS)
def test_a_made_reference_is_whole(number: str) -> None:
    made = payment_reference(number)
    assert made is not None and is_whole(made)


@given(NUMBERS, st.data())
def test_one_wrong_sign_or_two_swapped_ones_are_noticed(number: str, data: st.DataObject) -> None:
    made = payment_reference(number)
    assert made is not None
    at = data.draw(st.integers(4, len(made) - 1))
    kind = str.isdigit if made[at].isdigit() else str.isalpha
    other = data.draw(st.sampled_from([s for s in "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789" if kind(s) and s != made[at]]))
    assert not is_whole(made[:at] + other + made[at + 1 :])
    if at + 1 < len(made) and kind(made[at + 1]) and made[at] != made[at + 1]:
        assert not is_whole(made[:at] + made[at + 1] + made[at] + made[at + 2 :])


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("代偿款 RF18539007547034 第1笔", ("RF18539007547034",)),
        ("rf18 5390 0754 7034", ("RF18539007547034",)),
        ("JN-2025-000123-1，张三，手机13905370001", ("JN-2025-000123-1",)),
        ("卡号6222021234567890123 身份证379999199001012112", ()),
        ("订单UA01234123412341234", ()),
        ("XRF18539007547034", ()),
        ("", ()),
    ],
)
def test_a_text_gives_up_its_references_and_nothing_personal(text: str, found: tuple[str, ...]) -> None:
    assert references_in(text) == found


@pytest.mark.parametrize(
    "number", ["379999199001012112", "37999919900101211X", "13905370001", "E12345678", "EA1234567"]
)
def test_what_is_written_like_a_person_s_number_is_noticed(number: str) -> None:
    assert is_personal(number)
    assert not is_personal(number + "-1-2-3")


@pytest.mark.parametrize(
    "number", ["000000000000123457", "202503040000123456", "JN-2025-000123-1", "12345", "20250304"]
)
def test_a_bank_s_number_is_not_taken_for_a_person_s(number: str) -> None:
    assert not is_personal(number)


def test_what_the_payer_gave_is_kept_only_if_it_is_nobody_s_number() -> None:
    day = date(2025, 3, 3)
    one = StatementLine(
        1, day, day, 100, serial="13905370001", end_to_end="379999199001012112", text="RF18539007547034"
    )
    assert line_references(one) == {"serial": "13905370001", "end_to_end": None, "references": ("RF18539007547034",)}
    assert line_references(one._replace(end_to_end="NONREF", serial="000"))["serial"] is None
    assert line_references(one._replace(end_to_end="E2E-1"))["end_to_end"] == "E2E-1"
