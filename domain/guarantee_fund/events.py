"""The facts of a guarantee fund; what its guarantees and claims do to it stands in the facts of applications, loans and claims."""

from __future__ import annotations

from datetime import date
from typing import Literal, TypeAlias

from pydantic import Field

from domain.facts import Fact, OpeningFact
from domain.frozen import Frozen
from domain.money import Fen

Level: TypeAlias = Literal["central", "province", "city", "county", "incentive"]
Scope: TypeAlias = Literal["all", "bank", "county"]


class FundOpened(OpeningFact):
    """担保基金设立: `operator` is the body that runs it (R-FUND-1)."""

    TOPIC = "fund.opened"
    originator_topic = "fund"  # type: ignore[misc]  # one for all openings, where the library keeps a field

    fund: str
    title: str
    operator: str


class MethodAdopted(Fact):
    """管理办法施行: the fund goes by this text from now on; `multiplier_before` is that of the one before, if there was one."""

    TOPIC = "fund.method_adopted"

    fund: str
    method: str
    digest: str
    multiplier: int = Field(gt=0)
    multiplier_before: int | None = None
    rules: int
    assumed: int
    text: str


class CashFact(Fact):
    """Money on the fund's special account at a bank 专户."""

    fund: str
    bank: str
    amount_fen: Fen = Field(gt=0)
    bank_reference: str | None = None


class CapitalInjected(CashFact):
    """基金注资, by a fiscal level."""

    TOPIC = "fund.capital_injected"

    level: Level


class CapitalWithdrawn(CashFact):
    """基金退出, to the fiscal level that it came from."""

    TOPIC = "fund.capital_withdrawn"

    level: Level
    confirmed_by: str


class InterestReceived(CashFact):
    """专户存款利息."""

    TOPIC = "fund.interest_received"


class GuaranteesSuspended(Fact):
    """暂停新增担保: at a bank, in a county, or altogether; what was approved before is honoured (domain.md §5.13)."""

    TOPIC = "fund.guarantees_suspended"

    fund: str
    scope: Scope
    code: str | None = None
    compensated_fen: Fen | None = None
    balance_fen: Fen | None = None
    since: date | None = None
    """First day of the claims that are counted, where the suspension is by the figures."""


class GuaranteesResumed(Fact):
    """恢复新增担保."""

    TOPIC = "fund.guarantees_resumed"

    fund: str
    scope: Scope
    code: str | None = None
    compensated_fen: Fen | None = None
    balance_fen: Fen | None = None


class CapacityNotice(Fact):
    """What was established of the fund's capacity when a fact had passed a line. A notice, not a balance."""

    fund: str
    used_fen: Fen
    base_fen: Fen
    multiplier: int


class MultiplierWarned(CapacityNotice):
    """放大倍数预警: the guarantees have passed the warning line."""

    TOPIC = "fund.multiplier_warned"


class MultiplierBreached(CapacityNotice):
    """放大倍数突破: facts have taken the guarantees past what the fund may stand for; only new ones stop."""

    TOPIC = "fund.multiplier_breached"


class MultiplierRestored(CapacityNotice):
    """放大倍数恢复: the guarantees are within the warning line again."""

    TOPIC = "fund.multiplier_restored"


class ResultTransferred(Frozen):
    """What an account of income or expense came to at a closing, debit less credit: it went over to the accumulated result."""

    account: str
    bank: str | None = None
    county: str | None = None
    amount_fen: Fen


class PeriodClosed(Fact):
    """结账: the books up to `until`, the last day of a month, are closed as they stood at `at_position`.

    `trial_balance` is the SHA-256 of the fund's trial balance as of that day and position, before the results went over.
    """

    TOPIC = "fund.period_closed"

    fund: str
    until: date
    at_position: int
    trial_balance: str
    results: tuple[ResultTransferred, ...] = ()


class PeriodReopened(Fact):
    """反结账: the last closed period, up to `until`, is open again; `closed_until` is what stays closed, None if nothing does."""

    TOPIC = "fund.period_reopened"

    fund: str
    until: date
    closed_until: date | None = None
    confirmed_by: str
