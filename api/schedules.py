"""Schedules 还款计划试算: terms as people give them, and what falls due by them; no database, the same by every way in."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from api.printing import Column, Table
from domain.loan.schedule import Instalment, schedule
from domain.loan.terms import DayCount, Grace, RepaymentTerms
from domain.money import YUAN, parse_yuan, yuan

Yuan = Annotated[str, Field(pattern=YUAN)]
Rate = Annotated[str, Field(pattern=r"^(0|1)?(\.[0-9]{1,12})?$", min_length=1, max_length=14)]
Day = Annotated[date, Field(ge=date(1900, 1, 1), le=date(2199, 12, 31))]
COLUMNS = (
    Column("期次", "number", "number"),
    Column("起息日", "from", "date"),
    Column("到期日", "due", "date"),
    Column("天数", "days", "number"),
    Column("应还本金", "principal", "money"),
    Column("应还利息", "interest", "money"),
    Column("应还合计", "payment", "money"),
    Column("剩余本金", "balance", "money"),
)


class ScheduleTerms(BaseModel):
    """What a schedule is computed from. Amounts are texts in yuan, the rate a text and a fraction a year (`"0.0365"` is 3.65 %)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    principal: Yuan
    annual_rate: Rate
    instalments: int = Field(ge=0, le=600)
    every: int = Field(default=1, ge=1, le=600)
    unit: Literal["days", "weeks", "months", "years"] = "months"
    start: Day
    method: Literal["equal_instalment", "equal_principal", "interest_only", "bullet"] = "equal_instalment"
    interest: Literal["declining", "flat"] = "declining"
    interest_period: Literal["daily", "same_as_repayment"] = "daily"
    day_count: DayCount = DayCount()
    leap: Literal["feb_29_period_only"] | None = None
    rounding: Literal["half_even", "half_up", "up", "down"] = "half_even"
    multiple_of: Yuan | None = None
    grace: Grace = Grace()
    style: Literal["progressive", "cumulative"] = "progressive"
    recalculate_overdue: bool = False
    as_of: Day | None = None
    first_due: Day | None = None
    due_day: int | None = Field(default=None, ge=1, le=31)


def instalments(asked: ScheduleTerms) -> list[Instalment]:
    """Raises InvalidInput, ScheduleNotOffered."""
    principal = parse_yuan(asked.principal, field="principal", zero=False)
    multiple = asked.multiple_of and parse_yuan(asked.multiple_of, field="multiple_of", zero=False)
    given = asked.model_dump(exclude={"principal", "start", "as_of", "multiple_of", "annual_rate"})
    terms = RepaymentTerms.model_validate(
        given | {"annual_rate": Decimal(asked.annual_rate), "multiple_of_fen": multiple or None}
    )
    return schedule(principal, asked.start, terms, asked.as_of)


def answered(asked: ScheduleTerms) -> dict[str, Any]:
    """The rows, the days of every period, and the totals. Raises InvalidInput, ScheduleNotOffered."""
    rows = instalments(asked)
    return {
        "rows": [
            {
                "due": row.due.isoformat(),
                "principal": yuan(row.principal),
                "interest": yuan(row.interest),
                "balance": yuan(row.balance),
            }
            for row in rows
        ],
        "totals": _totals(rows),
        "periods": [
            {"start": start.isoformat(), "due": row.due.isoformat(), "days": (row.due - start).days}
            for start, row in zip(_starts(asked.start, rows), rows, strict=True)
        ],
    }


def printed(asked: ScheduleTerms) -> Table:
    """The schedule as a table with its totals. Raises InvalidInput, ScheduleNotOffered."""
    rows = instalments(asked)
    lines = [
        (
            str(number),
            start.isoformat(),
            row.due.isoformat(),
            str((row.due - start).days),
            yuan(row.principal),
            yuan(row.interest),
            yuan(row.principal + row.interest),
            yuan(row.balance),
        )
        for number, (start, row) in enumerate(zip(_starts(asked.start, rows), rows, strict=True), 1)
    ]
    totals = _totals(rows)
    days = sum(int(line[3]) for line in lines)
    end = ("", "", "", str(days), totals["principal"], totals["interest"], totals["payment"], "")
    return Table("还款计划", COLUMNS, lines, end)


def _totals(rows: Sequence[Instalment]) -> dict[str, str]:
    principal, interest = sum(row.principal for row in rows), sum(row.interest for row in rows)
    return {"principal": yuan(principal), "interest": yuan(interest), "payment": yuan(principal + interest)}


def _starts(start: date, rows: Sequence[Instalment]) -> list[date]:
    return [start, *(row.due for row in rows[:-1])][: len(rows)]
