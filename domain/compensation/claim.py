"""A claim 代偿案 as an aggregate: the shares of a loss, and what came back of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import singledispatchmethod
from typing import TYPE_CHECKING, Any
from uuid import NAMESPACE_URL, UUID, uuid5

from domain.compensation import events
from domain.errors import InvalidInput, Refusal
from domain.facts import EventSourced, Fact, Moment
from domain.loan.loan import Loan
from domain.money import Fen, yuan


class RecoversTooMuch(Refusal):
    """Nobody recovers more than was lost."""

    code = "claim.recovers_too_much"
    en = "{net} net is more than the {left} of claim {claim_no} not recovered yet; the surplus belongs to the borrower"
    zh = "净额 {net} 超过代偿案 {claim_no} 尚未追回的 {left}；余额归借款人"


class Claim(EventSourced[Fact]):
    TOPIC = "claim"
    Event = Fact
    ClaimRecorded = events.ClaimRecorded
    SharePaid = events.SharePaid
    RecoveryReceived = events.RecoveryReceived

    if TYPE_CHECKING:  # an annotation that ran would turn the class into a dataclass
        opening: events.ClaimRecorded

    @staticmethod
    def create_id(claim_no: str) -> UUID:
        return uuid5(NAMESPACE_URL, f"loan-ledger:/claims/{claim_no}")

    @classmethod
    def of_charge_off(
        cls,
        loan: Loan,
        claim_no: str,
        covered: Fen,
        value_date: date,
        moment: Moment,
        date_derived: str | None = None,
    ) -> Claim:
        """Open the claim on a charge-off: the scheme that the loan pinned gives each party its share, borne on the same day."""
        contract = loan.contract
        scheme = contract.share_scheme
        assert scheme is not None, "a claim answers a guarantee"
        dated = {"value_date": value_date, "date_derived": date_derived}
        claim = cls.opened(
            events.ClaimRecorded,
            cls.create_id(claim_no),
            moment,
            claim_no=claim_no,
            loan=loan.id,
            loan_no=contract.loan_no,
            county=contract.county,
            covered_fen=covered,
            charged_off_on=value_date,
            scheme=scheme,
            shares=scheme.divide(covered),
            **dated,
        )
        for party, share in zip(scheme.parties, claim.opening.shares, strict=True):
            borne = {"party": party.party, "institution": party.institution, "amount_fen": share.fen}
            claim.tell(events.SharePaid, moment, loan=loan.id, **borne, **dated)
        return claim

    def scopes(self) -> tuple[str, ...]:
        concerned = [f"county:{self.opening.county}"] if self.opening.county else []
        concerned += [f"{p.party}:{p.institution}" for p in self.opening.scheme.parties if p.institution]
        return tuple(dict.fromkeys(concerned))

    def recover(
        self, moment: Moment, *, gross: Fen, cost: Fen, value_date: date, bank_reference: str | None = None
    ) -> None:
        """Split what came back, costs first, on the cumulative net. Raises InvalidInput, RecoversTooMuch, DatedInFuture."""
        moment.not_before(value_date)
        net = gross - cost
        if gross <= 0 or cost < 0 or net < 0:
            raise InvalidInput(
                field="gross",
                problem=f"{yuan(gross)} less costs {yuan(cost)}",
                expected="a gross amount that meets its costs",
            )
        if value_date < self.opening.charged_off_on:
            raise InvalidInput(
                field="value_date",
                problem=f"{value_date} is before the loss of {self.opening.charged_off_on}",
                expected="the day of the loss or a later one",
            )
        left = self.opening.covered_fen - self.recovered
        if net > left:
            raise RecoversTooMuch(field="gross", net=yuan(net), left=yuan(left), claim_no=self.opening.claim_no)
        self.tell(
            events.RecoveryReceived,
            moment,
            loan=self.opening.loan,
            gross_fen=gross,
            cost_fen=cost,
            net_before_fen=self.recovered,
            shares=self.opening.scheme.divide_further(self.recovered, net),
            value_date=value_date,
            bank_reference=bank_reference,
        )

    def state(self, as_of: date | None = None) -> Mapping[str, Any]:
        return {
            "claim_no": self.opening.claim_no,
            "loan_no": self.opening.loan_no,
            "covered": yuan(self.opening.covered_fen),
            "paid": {party: yuan(_by(paid, as_of)) for party, paid in self.paid.items()},
            "recovered": {party: yuan(_by(back, as_of)) for party, back in self.recovered_by.items()},
        }

    @property
    def recovered(self) -> Fen:
        """Net recovered so far, all parties together."""
        return sum(fen for back in self.recovered_by.values() for _, fen in back)

    @singledispatchmethod
    def told(self, fact: Fact) -> None:
        raise TypeError(f"a claim knows nothing of {type(fact).__name__}")

    @told.register
    def _(self, fact: events.ClaimRecorded) -> None:
        self.opening = fact
        self.paid: dict[str, list[tuple[date, Fen]]] = {p.party: [] for p in fact.scheme.parties}
        self.recovered_by: dict[str, list[tuple[date, Fen]]] = {p.party: [] for p in fact.scheme.parties}

    @told.register
    def _(self, fact: events.SharePaid) -> None:
        self.paid[fact.party].append((fact.value_date, fact.amount_fen))

    @told.register
    def _(self, fact: events.RecoveryReceived) -> None:
        for share in fact.shares:
            self.recovered_by[share.party].append((fact.value_date, share.fen))


def _by(dated: list[tuple[date, Fen]], as_of: date | None) -> Fen:
    return sum(fen for day, fen in dated if as_of is None or day <= as_of)
