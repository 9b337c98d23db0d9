"""A row of a tape: facts are kept, odd ones are listed, and what cannot be a fact says why, never whose it is."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.importing.history import LoanHistory
from tests.ledger.tapes import (
    BANK,
    HEADER,
    MINIMAL,
    ROW,
    SECRET,
    bank_row,
    bank_tape,
    kept,
    only_refusals_or_rows,
    read,
    reasons,
    rules,
)


def test_a_banks_tape_in_gb18030_is_read_as_its_mapping_says() -> None:
    loan = kept(bank_row())
    assert (loan.row, loan.loan_no, loan.bank, loan.county) == (1, "JN-001", "任城农商行", "任城区")
    assert (loan.approved, loan.disbursed, loan.charged_off) == (30_000_000, 30_000_000, 0)
    assert (loan.approved_on, loan.disbursed_on) == (date(2021, 3, 15), date(2021, 3, 18))
    assert (loan.status, loan.source_status, loan.term_months, loan.jobs_created) == ("open", "正常", 36, 3)
    assert (loan.borrower_name, loan.borrower_phone) == ("张建国", "13800138000")
    assert loan.exceptions == ()


def test_personal_and_ignored_columns_stay_out_of_the_values_and_of_the_representation() -> None:
    loan = kept(bank_row())
    assert set(ROW) - set(loan.values) == {"姓名", "身份证号", "手机号", "家庭住址"}
    assert not any(ROW[column] in repr(loan) for column in ("姓名", "身份证号", "手机号", "家庭住址"))


def test_a_personal_value_is_never_shown() -> None:
    assert reasons(bank_row(姓名="张\x07建国")) == {("姓名", "control_character", "[personal]")}
    assert rules(bank_row(姓名="")) == {("missing", "姓名", "[personal]")}


def test_an_ignored_column_is_not_looked_at() -> None:
    assert kept(bank_row(家庭住址="某街\x07道")).exceptions == ()


def test_every_reason_of_a_row_is_given_once() -> None:
    row = bank_row(贷款编号="", 合同金额="-1", 合同日期="20210230", 期限="36.5")
    assert reasons(row) == {
        ("贷款编号", "missing", ""),
        ("合同金额", "negative", "-1"),
        ("合同日期", "date_impossible", "20210230"),
        ("期限", "fractional", "36.5"),
    }
    assert len(row.reasons) == 4  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("column", "value", "rule"),
    [
        ("合同金额", "100.005", "too_many_decimals"),
        ("合同金额", "-100", "negative"),
        ("合同金额", "1e5", "exponent"),
        ("合同金额", "NaN", "not_a_number"),
        ("合同金额", "-inf", "not_a_number"),
        ("合同金额", "１００", "full_width_digits"),
        ("合同金额", "1,00.00", "thousands_separator"),
        ("合同金额", "00100", "leading_zero"),
        ("合同金额", "10000000000000", "too_large"),
        ("合同金额", "99999999999999999999", "too_large"),
        ("合同金额", "三十万", "not_an_amount"),
        ("合同金额", "٣٠٠", "not_an_amount"),
        ("合同金额", " ", "not_an_amount"),
        ("合同金额", "", "missing"),
        ("合同金额", "-", "not_an_amount"),
        ("合同日期", "", "missing"),
        ("合同日期", "20211315", "date_impossible"),
        ("合同日期", "20210230", "date_impossible"),
        ("合同日期", "00000101", "date_impossible"),
        ("合同日期", "2021-03-15", "date_format"),
        ("合同日期", "２０２１０３１５", "date_format"),
        ("合同日期", "20260701", "date_in_future"),
        ("发放日期", "2021/2/30", "date_impossible"),
        ("代偿日期", "2026/7/1", "date_in_future"),
        ("贷款编号", "", "missing"),
        ("贷款编号", "x" * 65, "loan_no_too_long"),
        ("贷款编号", " 7", "loan_no_spaces"),
        ("贷款编号", "7\u202e8", "control_character"),
        ("贷款编号", "7\t8", "control_character"),
        ("合同金额", "1\x07", "control_character"),
        ("备注", "a\x1bb", "control_character"),
        ("备注", "a\nb", "control_character"),
        ("带动就业", "-1", "negative"),
        ("带动就业", "2.5", "fractional"),
        ("带动就业", "３", "full_width_digits"),
        ("期限", "36.0", "fractional"),
        ("期限", "1201", "term_too_long"),
        ("期限", "三年", "not_a_whole_number"),
    ],
)
def test_what_cannot_be_a_fact_is_quarantined(column: str, value: str, rule: str) -> None:
    assert {(field, broken) for field, broken, _ in reasons(bank_row(**{column: value}))} == {(column, rule)}


def test_a_reason_shows_a_value_short_and_escaped() -> None:
    ((_, _, value),) = reasons(bank_row(期限="\u200b" + "九" * 100))
    assert value.startswith("\\u200b九") and value.endswith("...") and len(value) == 60


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (
            {"合同金额": "0"},
            {("approved_zero", "合同金额", "0"), ("disbursed_above_approved", "发放金额", "300,000.00")},
        ),
        ({"发放金额": "1"}, {("disbursed_below_approved", "发放金额", "1")}),
        ({"发放日期": "2021/3/14"}, {("disbursed_before_approval", "发放日期", "2021/3/14")}),
        ({"发放日期": ""}, {("disbursement_date_missing", "发放日期", "")}),
        ({"期限": "0"}, {("term_zero", "期限", "0")}),
        ({"经办银行": ""}, {("missing", "经办银行", "")}),
        ({"带动就业": "8800"}, {("implausible_job_count", "带动就业", "8800")}),
        ({"状态": "核销"}, {("unknown_code", "状态", "核销")}),
        ({"状态": ""}, {("status_missing", "状态", "")}),
        (
            {"状态": "代偿"},
            {("charge_off_date_missing", "代偿日期", "-"), ("charge_off_amount_missing", "代偿金额", "-")},
        ),
        (
            {"状态": "结清", "代偿金额": "5", "代偿日期": "2022/1/1"},
            {("paid_in_full_but_charged_off", "代偿金额", "5")},
        ),
        ({"代偿金额": "5", "代偿日期": "2021/3/18"}, {("charge_off_without_status", "代偿金额", "5")}),
        ({"代偿日期": "2022/1/1"}, {("charge_off_without_status", "代偿金额", "-")}),
        (
            {"代偿金额": "5"},
            {("charge_off_without_status", "代偿金额", "5"), ("charge_off_date_missing", "代偿日期", "-")},
        ),
        (
            {"状态": "代偿", "代偿金额": "300000.01", "代偿日期": "2021/3/17"},
            {
                ("charged_off_above_disbursed", "代偿金额", "300000.01"),
                ("charged_off_before_disbursement", "代偿日期", "2021/3/17"),
            },
        ),
        (
            {"状态": "代偿", "代偿金额": "5", "代偿日期": "2024/3/19"},
            {("charged_off_after_term", "代偿日期", "2024/3/19")},
        ),
        ({"状态": "代偿", "代偿金额": "5", "代偿日期": "2024/3/18"}, set()),
    ],
)
def test_an_odd_fact_is_kept_and_listed(changes: dict[str, str], expected: set[tuple[str, str, str]]) -> None:
    assert rules(bank_row(**changes)) == expected


PAID = (
    MINIMAL.replace('{ value = "open" }', '{ column = "state", codes = { open = "open", paid = "paid_in_full" } }')
    .replace('guaranteed = { value = "0.00" }', 'guaranteed = "guaranteed"')
    .replace('keep = ["note"]', "strip = true")
    + 'outstanding = "left"\npaid_principal = "principal"\npaid_interest = "interest"\n'
    + 'paid_total = { column = "total", round = "half_even" }\nannual_rate = { column = "rate" }\n'
    + '[codes]\nrate = ["0.05", "1.5"]\n'
)


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ("100,open,60,40.00,1.00,41.005,0.05", []),
        ("100,open,60,40.00,1.00,41.015,0.05", ["parts_do_not_sum"]),
        ("100,open,60.01,40.00,1.00,41,0.05", ["balance_does_not_tie"]),
        ("100,paid,60,40,1.00,41,0.05", ["paid_in_full_but_outstanding"]),
        ("100.01,open,60,40.00,1.00,41,0.05", ["guaranteed_above_approved"]),
        ("100, open ,60,40.00,1.00,41,\t1.5", ["rate_above_100_percent"]),
        ("100,open,60,40.00,1.00,41,", ["missing"]),
        ("100,open,60,40.00,1.00,41,0.06", ["unknown_code"]),
    ],
)
def test_what_was_paid_is_compared_with_what_is_left(cells: str, expected: list[str]) -> None:
    header = "no,bank,amount,day,guaranteed,state,left,principal,interest,total,rate\n"
    row = kept(read(f"{header}1,B,100,2020-01-31,{cells}\n".encode(), PAID)[0])
    assert [exception.rule for exception in row.exceptions] == expected


def test_separators_and_fractions_are_refused_unless_the_mapping_states_them() -> None:
    rows = read((HEADER + '1,B,"1,000.00",2020-01-31,\n2,B,1.005,2020-01-31,\n').encode())
    assert [reasons(row) for row in rows] == [
        {("amount", "thousands_separator", "1,000.00")},
        {("amount", "too_many_decimals", "1.005")},
    ]


def test_an_empty_cell_is_listed_once_though_two_rules_expect_it() -> None:
    toml = MINIMAL.replace('bank = "bank"', 'bank = { column = "bank", fill = "?", expected = true }')
    row = kept(read((HEADER + "1,,100.00,2020-01-31,\n").encode(), toml + '[codes]\nbank = ["B"]\n')[0])
    assert [(odd.rule, odd.field) for odd in row.exceptions] == [("missing", "bank")]
    assert (row.bank, row.values["bank"]) == ("?", "")


@pytest.mark.parametrize(
    ("state", "left", "principal", "charged_off"),
    [
        ("lost", "0", "40", 60_00),
        ("lost", "20", "40", 40_00),
        ("lost", "90", "40", 0),
        ("lost", "", "40", 0),
        ("open", "0", "40", 0),
    ],
)
def test_a_charge_off_is_derived_for_the_stated_words_only(
    state: str, left: str, principal: str, charged_off: int
) -> None:
    toml = PAID.replace("strip = true", 'ignore = ["guaranteed", "interest", "total", "rate"]').split("paid_interest")[
        0
    ]
    toml = toml.replace('"guaranteed"\n', '{ value = "0" }\n').replace('paid = "paid_in_full"', 'lost = "charged_off"')
    toml += 'charged_off = { derive = "approved_less_paid_and_outstanding", when_status = ["lost"] }\n'
    header = "no,bank,amount,day,state,left,principal\n"
    row = kept(read(f"{header}1,B,100,2020-01-31,{state},{left},{principal}\n".encode(), toml)[0])
    assert row.charged_off == charged_off


def test_month_names_are_english_and_the_day_is_the_mappings() -> None:
    toml = MINIMAL.replace('_on = "day"', '_on = { column = "day", format = "%b-%Y", day = 1 }')
    rows = read((HEADER + "1,B,1,Feb-2018,\n2,B,1,févr-2018,\n3,B,1,Foo-2018,\n").encode(), toml)
    assert kept(rows[0]).approved_on == date(2018, 2, 1)
    assert [reasons(row) for row in rows[1:]] == [
        {("day", "date_format", "févr-2018")},
        {("day", "date_impossible", "Foo-2018")},
    ]


CELL = st.one_of(
    st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=80),
    st.from_regex(r"-?[0-9０-９]{0,16}([.,][0-9]{0,4})?(e[0-9]+)?", fullmatch=True),
    st.from_regex(r"[0-9]{1,4}[-/]?[0-9]{1,2}[-/]?[0-9]{1,2}", fullmatch=True),
)


@settings(max_examples=300, deadline=None)
@given(
    cells=st.fixed_dictionaries({}, optional={column: CELL for column in ROW if column not in SECRET}),
    odd=st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=5),
)
def test_any_cells_are_rows_and_never_tell_who(cells: dict[str, str], odd: str) -> None:
    personal = {column: f"{odd}{secret}{odd}" for column, secret in SECRET.items()}
    for row in only_refusals_or_rows(lambda: read(bank_tape({**ROW, **cells, **personal}), BANK)):
        assert not any(secret in repr(row) for secret in SECRET.values())
        if isinstance(row, LoanHistory):
            assert row.values == {column: {**ROW, **cells}[column] for column in row.values}
            assert row.borrower_name == personal["姓名"]


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 10**15 - 1))
def test_an_amount_is_read_back_to_the_fen(fen: int) -> None:
    grouped = f"{fen // 100:,}.{fen % 100:02d}"
    assert kept(bank_row(合同金额=grouped, 发放金额=grouped)).disbursed == fen
