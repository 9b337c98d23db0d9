"""Reports that people file 报表: tables of what the read models say up to a day, stamped so that a later run gives the same bytes.

The stamp is the position up to which facts were known and the digest of the content; `known_at` that position gives the report again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from operator import itemgetter
from typing import Any, NamedTuple, TypeAlias

from psycopg import Connection
from psycopg.rows import dict_row
from pydantic_core import to_json

from api.printing import Column, Language, Table, as_csv, as_pdf, as_xlsx
from domain.bookkeeping.chart import CHART
from domain.calendar import add_months
from domain.errors import BadInput
from domain.money import yuan
from projections.projection import Projection
from projections.querying import projection, written_up_to

_BOOK, _CLAIMS, _OVERDUE = projection("loan_book"), projection("claim_register"), projection("overdue_list")
_FUND, _BALANCE, _SUBSIDIES = projection("fund_position"), projection("trial_balance"), projection("subsidy_register")

Row: TypeAlias = dict[str, Any]


class UnknownReport(BadInput):
    code = "report.unknown"
    en = "there is no report {name}; choose one of: {known}"
    zh = "没有报表 {name}；可选：{known}"


class Asked(NamedTuple):
    """A report's question: whose read models, from which day where it is of a period, up to which, known at which position, of which fund."""

    papers: Connection[Any]
    start: date
    until: date
    known_at: int
    fund: str | None


class Report(NamedTuple):
    """`books` are the read models that it looks at; columns of money and counts are summed below, but for those in `unsummed`.

    One that is `of_a_period` tells of the quarter that ends on its day, or of the days from the one that is said.
    """

    name: str
    zh: str
    en: str
    books: Sequence[Projection[Any]]
    columns: Mapping[str, Column]
    work_out: Callable[[Asked], list[Row]]
    of_a_period: bool = False
    unsummed: frozenset[str] = frozenset()


def names() -> list[str]:
    return [report.name for report in REPORTS]


def report_of(name: str) -> Report:
    """Raises UnknownReport."""
    for report in REPORTS:
        if report.name == name:
            return report
    raise UnknownReport(field="name", name=ascii(name[:40]), known=", ".join(names()))


def reported(
    papers: Connection[Any],
    report: Report,
    until: date,
    *,
    start: date | None = None,
    known_at: int | None = None,
    fund: str | None = None,
) -> dict[str, Any]:
    """The report up to a day; of a period, from a day or the quarter's first. Without a position, as far as its read models are written."""
    known = known_at if known_at is not None else written_up_to(papers, report.books)
    first = start or add_months(until + timedelta(days=1), -3)
    rows = [_shown(report, row) for row in report.work_out(Asked(papers, first, until, known, fund))]
    said: dict[str, Any] = {
        "report": report.name,
        "title": {"zh": report.zh, "en": report.en},
        "from": first.isoformat() if report.of_a_period else None,
        "to": until.isoformat(),
        "fund": fund,
        "rows": [{name: _text(value) for name, value in row.items()} for row in rows],
        "totals": {name: _text(sum(row[name][1] for row in rows), money) for name, money in _summed(report)},
        "as_of_position": known,
    }
    return said | {"digest": hashlib.sha256(to_json(said)).hexdigest()}


def in_print(document: Mapping[str, Any], form: str, language: Language) -> bytes:
    """As `csv`, `xlsx` or `pdf`, with the stamp."""
    table = printed(document, language)
    match form:
        case "csv":
            return as_csv(table, language)
        case "xlsx":
            return as_xlsx(table, language)
    return as_pdf(table, language, document["title"][language], [*table.notes])


def printed(document: Mapping[str, Any], language: Language) -> Table:
    report = report_of(document["report"])
    rows = [[row[name] or "" for name in report.columns] for row in document["rows"]]
    totals = [document["totals"].get(name, "") for name in report.columns]
    return Table(report.zh, [*report.columns.values()], rows, totals, _stamp(document, language))


def _stamp(document: Mapping[str, Any], language: Language) -> list[tuple[str, str]]:
    said = (
        ("期间" if document["from"] else "截止日", "period" if document["from"] else "as of", " – ".join(d for d in (document["from"], document["to"]) if d)),
        ("担保基金", "fund", document["fund"] or ("全部" if language == "zh" else "all")),
        ("台账位置", "position of the log", str(document["as_of_position"])),
        ("内容摘要（SHA-256）", "digest (SHA-256)", document["digest"]),
    )  # fmt: skip
    return [(zh if language == "zh" else en, value) for zh, en, value in said]


def _shown(report: Report, row: Row) -> dict[str, tuple[bool, Any]]:
    """Each value with whether it is money."""
    return {name: (column.kind == "money", row[name]) for name, column in report.columns.items()}


def _summed(report: Report) -> list[tuple[str, bool]]:
    return [
        (name, column.kind == "money")
        for name, column in report.columns.items()
        if column.kind in ("money", "number") and name not in report.unsummed
    ]


def _text(value: Any, money: bool | None = None) -> str | None:
    if money is None:
        money, value = value
    if value is None:
        return None
    return yuan(int(value)) if money else str(value)


def _select(asked: Asked, book: Projection[Any], day: date, what: str, rest: str = "", **more: object) -> list[Row]:
    """Rows of a read model as it was on a day, as known at the question's position."""
    source, parameters = book.source(day, asked.known_at)
    with asked.papers.cursor(row_factory=dict_row) as cursor:
        statement = f"SELECT {what} FROM ({source}) s {rest}".encode()
        return cursor.execute(statement, {**parameters, "fund": asked.fund, **more}).fetchall()


_OF_FUND = "WHERE (%(fund)s::text IS NULL OR fund = %(fund)s)"
_BANK, _COUNTY = Column("经办银行", "bank", "text"), Column("县区", "county", "text")


def _money(**named: tuple[str, str]) -> dict[str, Column]:
    return {name: Column(zh, en, "money") for name, (zh, en) in named.items()}


def _counts(**named: tuple[str, str]) -> dict[str, Column]:
    return {name: Column(zh, en, "number") for name, (zh, en) in named.items()}


_OF_FUNDS = (
    "capital",
    "interest",
    "claims_paid",
    "recovered",
    "cash",
    "payable",
    "recoverable",
    "written_off",
    "assets",
    "exposure",
    "reserved",
)


def _fund_balance(asked: Asked) -> list[Row]:
    where = ", ".join(("fund", "bank", "county", "level", *_OF_FUNDS))
    return _select(
        asked,
        _FUND,
        asked.until,
        where,
        f"{_OF_FUND} ORDER BY fund, bank NULLS FIRST, county NULLS FIRST, level NULLS FIRST",
    )


def _claims(asked: Asked) -> list[Row]:
    sums = ("covered", "fund_share", "bank_share", "guarantor_share", "paid", "recovered", "written_off", "outstanding")
    what = "fund, bank, county, status, count(*) AS claims, " + ", ".join(
        f"sum({name})::bigint AS {name}" for name in sums
    )
    rest = f"{_OF_FUND} GROUP BY fund, bank, county, status ORDER BY fund NULLS FIRST, bank, county NULLS FIRST, status"
    return _select(asked, _CLAIMS, asked.until, what, rest)


def _loans(asked: Asked) -> list[Row]:
    sums = ("approved", "disbursed", "outstanding", "jobs_created", "jobs_retained")
    what = (
        "product, county, to_char(signed_on, 'YYYY-MM') AS month, count(*) AS loans,"
        " count(DISTINCT coalesce(borrower::text, loan_no)) AS founders, "
        + ", ".join(f"sum({name})::bigint AS {name}" for name in sums)
    )
    return _select(
        asked,
        _BOOK,
        asked.until,
        what,
        "WHERE signed_on <= %(until)s GROUP BY 1, 2, 3 ORDER BY 1, 2 NULLS FIRST, 3",
        until=asked.until,
    )


def _bank_return(asked: Asked) -> list[Row]:
    """Opening + granted − closing is what was repaid or taken over."""
    sums = ", ".join(f"sum({name})::bigint AS {name}" for name in ("disbursed", "outstanding", "claimed", "recovered"))
    granted = "count(*) FILTER (WHERE signed_on BETWEEN %(start)s AND %(until)s) AS loans"
    what = f"bank, {granted}, count(*) FILTER (WHERE outstanding > 0) AS running, sum(jobs_created + jobs_retained)::bigint AS jobs, {sums}"
    days = {"start": asked.start, "until": asked.until}
    now = {row["bank"]: row for row in _select(asked, _BOOK, asked.until, what, "GROUP BY bank ORDER BY bank", **days)}
    then = {
        row["bank"]: row
        for row in _select(asked, _BOOK, asked.start - timedelta(days=1), what, "GROUP BY bank", **days)
    }
    late = "bank, count(*) AS overdue, sum(arrears)::bigint AS arrears"
    overdue = {row["bank"]: row for row in _select(asked, _OVERDUE, asked.until, late, "GROUP BY bank")}
    rows = list[Row]()
    for bank, row in now.items():
        before, behind = then.get(bank, {}), overdue.get(bank, {})
        more = {name: row[name] - before.get(name, 0) for name in ("disbursed", "claimed", "recovered")}
        opening, closing = before.get("outstanding", 0), row["outstanding"]
        rows.append(
            {
                "bank": bank, "loans": row["loans"], "running": row["running"], "opening": opening, "granted": more["disbursed"],
                "returned": opening + more["disbursed"] - closing, "closing": closing, "overdue": behind.get("overdue", 0),
                "arrears": behind.get("arrears", 0), "claims_paid": more["claimed"], "recovered": more["recovered"],
                "jobs": row["jobs"] - before.get("jobs", 0),
            }
        )  # fmt: skip
    return rows


_SIDES = {"1": ("assets", "资产", 1), "2": ("liabilities", "负债", -1), "3": ("net_assets", "净资产", -1)}


def _balance_sheet(asked: Asked) -> list[Row]:
    """Assets = liabilities + net assets; what income and expense come to since the last closing is part of the net assets."""
    what = "account, sum(debit - credit)::bigint AS balance"
    rest = f"{_OF_FUND} AND book = 'G' GROUP BY account ORDER BY account"
    balances = {row["account"]: row["balance"] for row in _select(asked, _BALANCE, asked.until, what, rest)}
    rows, result = list[Row](), 0
    for code, fen in balances.items():
        if code[1] not in _SIDES:
            result -= fen
            continue
        name, zh, sign = _SIDES[code[1]]
        rows.append(_line(name, zh, code, f"{CHART[code].zh} {CHART[code].en}", sign * fen))
    rows.append(_line("net_assets", "净资产", "", "未结转结余 result not carried over yet", result))
    return rows


def _line(side: str, zh: str, account: str, title: str, fen: int) -> Row:
    amounts = {"assets": fen if side == "assets" else 0, "liabilities": fen if side != "assets" else 0}
    return {"side": f"{zh} {side}", "account": account, "title": title, **amounts}


_SHARES = ("central", "province", "city", "county_level", "incentive")
_OF_LINES = ("interest", "subsidy", "borrower", "amount", *_SHARES, "paid", "to_pay", "clawed_back", "collected")


def _subsidies(asked: Asked) -> list[Row]:
    sums = ", ".join(f"sum({name})::bigint AS {name}" for name in _OF_LINES)
    what = f"fund, batch_quarter AS quarter, bank, county, count(*) AS lines, sum(days)::bigint AS days, {sums}"
    rest = f"{_OF_FUND} AND status <> 'left_out' GROUP BY fund, batch_quarter, bank, county ORDER BY fund, batch_quarter, bank, county NULLS FIRST"
    return _select(asked, _SUBSIDIES, asked.until, what, rest)


def _subsidy_settlement(asked: Asked) -> list[Row]:
    """By the books of the subsidy funds: due before + granted − received = due, level by level, of counties county by county."""
    what = "fund, level, county, " + ", ".join(
        f"coalesce(sum(debit - credit) FILTER (WHERE account = '{account}'), 0)::bigint AS {name}"
        for account, name in (("S1101", "due"), ("S2101", "held"), ("S4001", "granted"))
    )
    rest = f"{_OF_FUND} AND account IN ('S1101', 'S2101', 'S4001') GROUP BY fund, level, county ORDER BY fund, level, county NULLS FIRST"
    key = itemgetter("fund", "level", "county")
    before = {key(row): row for row in _select(asked, _BALANCE, asked.start - timedelta(days=1), what, rest)}
    rows = list[Row]()
    for row in _select(asked, _BALANCE, asked.until, what, rest):
        earlier = before.get(key(row), {"due": 0, "held": 0, "granted": 0})
        due_before, due = (one["due"] + one["held"] for one in (earlier, row))
        granted = earlier["granted"] - row["granted"]
        rows.append(
            {
                **{name: row[name] or None for name in ("fund", "level", "county")},
                "due_before": due_before,
                "granted": granted,
                "received": due_before + granted - due,
                "due": due,
            }
        )
    return rows


REPORTS: Sequence[Report] = (
    Report(
        "bank_return", "银行季度报表", "Quarterly return of the banks", (_BOOK, _OVERDUE),
        {"bank": _BANK, **_counts(loans=("本期发放笔数", "loans granted"), running=("期末在贷笔数", "loans running")),
         **_money(opening=("期初余额", "opening balance"), granted=("本期发放", "granted"), returned=("本期收回及转出", "repaid or taken over"),
                  closing=("期末余额", "closing balance")),
         **_counts(overdue=("逾期笔数", "loans overdue")), **_money(arrears=("逾期金额", "arrears"), claims_paid=("本期代偿", "claims paid"), recovered=("本期追回", "recovered")),
         **_counts(jobs=("本期带动就业", "jobs"))},
        _bank_return, of_a_period=True,
    ),
    Report(
        "fund_balance", "担保基金余额表", "Balance of the guarantee fund", (_FUND,),
        {"fund": Column("担保基金", "fund", "text"), "bank": _BANK, "county": _COUNTY, "level": Column("资金级次", "level", "text"),
         **_money(capital=("基金本金", "capital"), interest=("存款利息", "interest"), claims_paid=("已付代偿", "claims paid"), recovered=("已追回", "recovered"),
                  cash=("专户余额", "cash"), payable=("应付代偿", "payable"), recoverable=("应收代偿", "recoverable"), written_off=("已核销", "written off"), assets=("抵债资产", "repossessed assets"),
                  exposure=("担保责任余额", "exposure"), reserved=("预留额度", "reserved"))},
        _fund_balance,
    ),
    Report(
        "claims", "代偿与追偿表", "Claims and recoveries", (_CLAIMS,),
        {"fund": Column("担保基金", "fund", "text"), "bank": _BANK, "county": _COUNTY, "status": Column("状态", "status", "text"), **_counts(claims=("笔数", "claims")),
         **_money(covered=("代偿金额", "covered"), fund_share=("基金分担", "the fund's share"), bank_share=("银行分担", "the bank's share"), guarantor_share=("担保机构分担", "the guarantor's share"),
                  paid=("已支付", "paid"), recovered=("已追回", "recovered"), written_off=("已核销", "written off"), outstanding=("待追偿", "still to recover"))},
        _claims,
    ),
    Report(
        "loans", "贷款发放统计表", "Loans by product, county and month", (_BOOK,),
        {"product": Column("贷款产品", "product", "text"), "county": _COUNTY, "month": Column("签约月份", "month signed", "text"),
         **_counts(loans=("笔数", "loans"), founders=("扶持创业人数", "founders")),
         **_money(approved=("合同金额", "contracted"), disbursed=("发放金额", "paid out"), outstanding=("余额", "outstanding")),
         **_counts(jobs_created=("新增就业", "jobs created"), jobs_retained=("稳定就业", "jobs kept"))},
        _loans, unsummed=frozenset({"founders"}),
    ),
    Report(
        "subsidies", "贴息发放统计表", "Subsidies by bank and quarter", (_SUBSIDIES,),
        {"fund": Column("贴息资金", "fund", "text"), "quarter": Column("季度", "quarter", "text"), "bank": _BANK, "county": _COUNTY,
         **_counts(lines=("笔数", "lines"), days=("贴息天数", "days subsidised")),
         **_money(interest=("贴息期间利息", "interest"), subsidy=("财政承担", "borne by the budget"), borrower=("借款人承担", "borne by the borrower"),
                  amount=("本批贴息", "granted by the batch"), central=("中央", "central"), province=("省级", "province"), city=("市级", "city"),
                  county_level=("县级", "of counties"), incentive=("奖补", "incentive"), paid=("已拨付", "paid"), to_pay=("待拨付", "to pay"),
                  clawed_back=("已追回及核减", "clawed back"), collected=("追回到账", "collected"))},
        _subsidies,
    ),
    Report(
        "subsidy_settlement", "贴息资金清算表", "Settlement of subsidies between the levels", (_BALANCE,),
        {"fund": Column("贴息资金", "fund", "text"), "level": Column("级次", "level", "text"), "county": _COUNTY,
         **_money(due_before=("期初应收", "due before"), granted=("本期应承担", "granted"), received=("本期到账净额", "received, net"), due=("期末应收", "due"))},
        _subsidy_settlement, of_a_period=True,
    ),
    Report(
        "balance_sheet", "担保基金资产负债表", "Balance sheet of the fund", (_BALANCE,),
        {"side": Column("类别", "side", "text"), "account": Column("科目", "account", "text"), "title": Column("科目名称", "title", "text"),
         **_money(assets=("资产", "assets"), liabilities=("负债与净资产", "liabilities and net assets"))},
        _balance_sheet,
    ),
)  # fmt: skip
"""Every report there is."""
