"""A claim 代偿案 as an aggregate: filed by the bank, verified, confirmed by the parties, endorsed by the offices, approved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from uuid import NAMESPACE_URL, UUID, uuid5

from domain.actor import Actor
from domain.compensation import events, refusals
from domain.compensation.recourse import Recourse
from domain.compensation.standing import OPEN
from domain.errors import InvalidInput, SamePerson
from domain.facts import Fact, Moment
from domain.guarantee_fund.method import FundMethod
from domain.loan import refusals as loans
from domain.loan.loan import Loan
from domain.money import Fen, yuan


class Claim(Recourse):
    TOPIC = "claim"
    Event = Fact
    ClaimRecorded = events.ClaimRecorded
    ClaimFiled = events.ClaimFiled
    ClaimMaterialsReturned = events.ClaimMaterialsReturned
    ClaimResubmitted = events.ClaimResubmitted
    ClaimVerified = events.ClaimVerified
    ClaimDisputed = events.ClaimDisputed
    ClaimDisputeSettled = events.ClaimDisputeSettled
    ShareConfirmed = events.ShareConfirmed
    ClaimEndorsed = events.ClaimEndorsed
    ClaimApproved = events.ClaimApproved
    ClaimRejected = events.ClaimRejected
    ClaimWithdrawn = events.ClaimWithdrawn
    ClaimAdjusted = events.ClaimAdjusted
    SharePaid = events.SharePaid
    ClaimSubrogated = events.ClaimSubrogated
    RecoveryReceived = events.RecoveryReceived
    RecoveryRemitted = events.RecoveryRemitted
    RecoveryReversed = events.RecoveryReversed
    AssetTakenOver = events.AssetTakenOver
    AssetSold = events.AssetSold
    ShareWrittenOff = events.ShareWrittenOff

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
        shares = scheme.divide(covered)
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
            shares=shares,
            **dated,
        )
        for party, share in zip(scheme.parties, shares, strict=True):
            borne = {"party": party.party, "institution": party.institution, "amount_fen": share.fen}
            claim.tell(events.SharePaid, moment, loan=loan.id, **borne, **dated)
        return claim

    @classmethod
    def file(
        cls,
        moment: Moment,
        *,
        loan: Loan,
        claim_no: str,
        method: FundMethod,
        documents: Mapping[str, str],
        excluded: Fen,
        actor: Actor,
        value_date: date,
    ) -> Claim:
        """代偿申请 for a loan that is more than so many days overdue and has not been paid up since (R-FUND-9): principal, and contract
        interest to that day (R-FUND-10).

        Raises NotGuaranteed, NoFundBehind, OtherParty, GuarantorReleased, BankKnewOfMisuse, NotOverdueEnough, RecoveredSince, DocumentsMissing, InvalidInput, DatedInFuture.
        """
        moment.not_before(value_date)
        contract, rule, scheme = loan.contract, method.claims, loan.contract.share_scheme
        if scheme is None:
            raise refusals.NotGuaranteed(field="loan_no", loan_no=contract.loan_no)
        fund = loan.fund
        if fund is None:
            raise refusals.NoFundBehind(field="loan_no", loan_no=contract.loan_no)
        _must_belong(actor, contract.bank, claim_no)
        if loan.guarantor_is_released:
            raise loans.GuarantorReleased(field="loan_no", loan_no=contract.loan_no)
        if loan.bank_knew_of_misuse:
            raise loans.BankKnewOfMisuse(field="loan_no", loan_no=contract.loan_no)
        if excluded < 0:
            raise InvalidInput(field="excluded", problem=f"{yuan(excluded)} is negative", expected="0.00 or more")
        oldest, days = loan.overdue(value_date)
        if oldest is None or days <= rule.overdue_days:
            said = {"loan_no": contract.loan_no, "days": days, "needed": rule.overdue_days}
            raise refusals.NotOverdueEnough(field="value_date", **said)
        if loan.overdue(moment.today).since is None:
            raise refusals.RecoveredSince(field="value_date", loan_no=contract.loan_no, today=moment.today)
        package = tuple(material.code for material in rule.package)
        if missing := [code for code in package if code not in documents]:
            raise refusals.DocumentsMissing(field="documents", claim_no=claim_no, missing=", ".join(missing))
        principal, interest = loan.owed_of(value_date)
        return cls.opened(
            events.ClaimFiled,
            cls.create_id(claim_no),
            moment,
            value_date=value_date,
            claim_no=claim_no,
            loan=loan.id,
            loan_no=contract.loan_no,
            county=contract.county,
            bank=contract.bank,
            fund=fund,
            scheme=scheme,
            method=method.pin,
            endorsed_by=rule.endorsed_by,
            package=package,
            documents=dict(documents),
            overdue_since=oldest,
            overdue_days=days,
            principal_fen=principal,
            interest_fen=interest if rule.covers_interest else 0,
            excluded_fen=excluded,
            filed_by=actor.subject,
        )

    def stands_on(self, loan: Loan, method: FundMethod, day: date) -> bool:
        """Whether there is a ground for it (R-FUND-9): the loan was overdue long enough when it was filed, by all that is known now, and
        was not paid up by `day`."""
        filed_on = self.filing.value_date
        overdue_then = loan.overdue(filed_on).days > method.claims.overdue_days
        return overdue_then and loan.overdue(max(day, filed_on)).since is not None

    # Decisions: may refuse, change nothing themselves.

    def return_materials(self, moment: Moment, *, missing: Sequence[str], actor: Actor, value_date: date) -> None:
        """代偿材料退回. Raises ClaimStepOutOfOrder, ClaimStepTooEarly, InvalidInput, DatedInFuture."""
        self._step(moment, value_date, "returning materials", "filed", "verified")
        if not missing:
            raise InvalidInput(field="missing", problem="nothing is named", expected="what is missing, by code")
        said = {"missing": tuple(dict.fromkeys(missing)), "returned_by": actor.subject}
        self.tell(events.ClaimMaterialsReturned, moment, value_date=value_date, **said)

    def resubmit(self, moment: Moment, *, documents: Mapping[str, str], actor: Actor, value_date: date) -> None:
        """代偿材料补正, all at once. Raises DocumentsMissing, OtherParty, ClaimStepOutOfOrder, ClaimStepTooEarly, DatedInFuture."""
        self._step(moment, value_date, "handing materials in", "returned")
        _must_belong(actor, self.filing.bank, self.claim_no)
        if missing := [code for code in self.missing() if code not in documents]:
            raise refusals.DocumentsMissing(field="documents", claim_no=self.claim_no, missing=", ".join(missing))
        said = {"documents": dict(documents), "resubmitted_by": actor.subject}
        self.tell(events.ClaimResubmitted, moment, value_date=value_date, **said)

    def verify(
        self,
        moment: Moment,
        *,
        principal: Fen | None,
        interest: Fen | None,
        deductions: Sequence[events.Deduction],
        actor: Actor,
        value_date: date,
    ) -> None:
        """代偿核实: in full (amounts left out), or in part with a reason for every fen, by somebody else than who filed.

        Raises MoreThanClaimed, NothingHonoured, SamePerson, ClaimStepOutOfOrder, ClaimStepTooEarly, DatedInFuture.
        """
        self._step(moment, value_date, "a verification", "filed")
        self._other_than(actor, *self._claimants())
        claimed = self.claimed
        honoured = tuple(c if said is None else said for c, said in zip(claimed, (principal, interest), strict=True))
        for what, said, most in zip(("principal", "interest"), honoured, claimed, strict=True):
            if not 0 <= said <= most:
                self._not_as_claimed(what, said, most)
        deducted = sum(deduction.fen for deduction in deductions)
        if deducted != sum(claimed) - sum(honoured):
            self._not_as_claimed("deductions", sum(honoured) + deducted, sum(claimed))
        if not sum(honoured):
            raise refusals.NothingHonoured(field="principal", claim_no=self.claim_no)
        self.tell(
            events.ClaimVerified,
            moment,
            value_date=value_date,
            principal_fen=honoured[0],
            interest_fen=honoured[1],
            deductions=tuple(deductions),
            verifier=actor.subject,
        )

    def dispute(self, moment: Moment, *, party: str, reason: str, actor: Actor, value_date: date) -> None:
        """代偿异议. Raises NoSuchParty, OtherParty, ClaimStepOutOfOrder, ClaimStepTooEarly, InvalidInput, DatedInFuture."""
        self._step(moment, value_date, "a dispute", "verified")
        self._must_speak_for(actor, party)
        _in_words(reason)
        said = {"party": party, "reason": reason, "disputed_by": actor.subject}
        self.tell(events.ClaimDisputed, moment, value_date=value_date, **said)

    def settle_dispute(self, moment: Moment, *, outcome: str, reason: str, actor: Actor, value_date: date) -> None:
        """异议处理, by somebody else than who disputed, and than who claims. Raises SamePerson, ClaimStepOutOfOrder, ClaimStepTooEarly, InvalidInput, DatedInFuture."""
        self._step(moment, value_date, "settling a dispute", "disputed")
        self._other_than(actor, *self._claimants(), *self._disputers())
        _in_words(reason)
        said = {"outcome": outcome, "reason": reason, "settled_by": actor.subject}
        self.tell(events.ClaimDisputeSettled, moment, value_date=value_date, **said)

    def confirm(self, moment: Moment, *, party: str, actor: Actor, value_date: date) -> None:
        """分担确认, by the party's own institution and for one party each; with the last one the claim is approved.

        Raises NoSuchParty, OtherParty, SaidAlready, SamePerson, ClaimStepOutOfOrder, ClaimStepTooEarly, DatedInFuture.
        """
        self._step(moment, value_date, "a confirmation", "verified")
        self._must_speak_for(actor, party)
        self._not_said(party)
        self._other_than(actor, *self._verifiers(), *self._confirmers(), *self._endorsers())
        said = {"party": party, "amount_fen": self.scheme.part(party, self.covered), "confirmed_by": actor.subject}
        self.tell(events.ShareConfirmed, moment, value_date=value_date, **said)
        self._approve_if_complete(moment, value_date)

    def endorse(self, moment: Moment, *, office: str, actor: Actor, value_date: date) -> None:
        """代偿会签, in any order, each office once and by somebody who has had no part in it; with the last one the claim is approved.

        Raises NoSuchParty, SaidAlready, SamePerson, ClaimStepOutOfOrder, ClaimStepTooEarly, DatedInFuture.
        """
        self._step(moment, value_date, "an endorsement", "verified")
        if office not in (offices := self.filing.endorsed_by):
            said = {"party": office, "parties": ", ".join(offices)}
            raise refusals.NoSuchParty(field="office", claim_no=self.claim_no, **said)
        self._not_said(office)
        self._other_than(actor, *self._part_takers())
        self.tell(events.ClaimEndorsed, moment, value_date=value_date, office=office, endorsed_by=actor.subject)
        self._approve_if_complete(moment, value_date)

    def _approve_if_complete(self, moment: Moment, value_date: date) -> None:
        """代偿批准, told with the last word that was waited for."""
        if self.waits_for():
            return
        self.tell(
            events.ClaimApproved,
            moment,
            value_date=value_date,
            loan=self.opening.loan,
            fund=self.filing.fund,
            bank=self.filing.bank,
            covered_fen=self.covered,
            shares=self.scheme.divide(self.covered),
        )
        self._subrogate_if_paid(moment)

    def reject(self, moment: Moment, *, ground: str, reason: str, actor: Actor, value_date: date) -> None:
        """代偿驳回, with the reason, by somebody else than who claims. Raises SamePerson, ClaimStepOutOfOrder, ClaimStepTooEarly, InvalidInput."""
        self._step(moment, value_date, "a rejection", *OPEN)
        self._other_than(actor, *self._claimants())
        _in_words(reason)
        said = {"ground": ground, "reason": reason, "rejected_by": actor.subject}
        self.tell(events.ClaimRejected, moment, value_date=value_date, **said)

    def withdraw(self, moment: Moment, *, reason: str, actor: Actor, value_date: date) -> None:
        """代偿撤回, by the bank, before it is approved. Raises OtherParty, ClaimStepOutOfOrder, ClaimStepTooEarly, InvalidInput."""
        self._step(moment, value_date, "a withdrawal", *OPEN)
        _must_belong(actor, self.filing.bank, self.claim_no)
        _in_words(reason)
        self.tell(events.ClaimWithdrawn, moment, value_date=value_date, reason=reason, withdrawn_by=actor.subject)

    # What these keep to.

    def _claimants(self) -> list[str]:
        """Who filed, and who handed in what was missing."""
        return [self.filing.filed_by, *(fact.resubmitted_by for fact in self.facts_of(events.ClaimResubmitted))]

    def _verifiers(self) -> list[str]:
        return [fact.verifier for fact in self.facts_of(events.ClaimVerified)]

    def _disputers(self) -> list[str]:
        return [fact.disputed_by for fact in self.facts_of(events.ClaimDisputed)]

    def _confirmers(self) -> list[str]:
        return [fact.confirmed_by for fact in self.round() if isinstance(fact, events.ShareConfirmed)]

    def _endorsers(self) -> list[str]:
        return [fact.endorsed_by for fact in self.round() if isinstance(fact, events.ClaimEndorsed)]

    def _part_takers(self) -> list[str]:
        confirmed = (fact.confirmed_by for fact in self.facts_of(events.ShareConfirmed))
        settled = (fact.settled_by for fact in self.facts_of(events.ClaimDisputeSettled))
        said = [*self._claimants(), *self._verifiers(), *self._disputers()]
        return [*said, *settled, *confirmed, *self._endorsers()]

    def _other_than(self, actor: Actor, *others: str) -> None:
        if actor.subject in others:
            raise SamePerson(field="actor", subject=actor.subject)

    def _not_said(self, who: str) -> None:
        if who in self.confirmed():
            raise refusals.SaidAlready(field="actor", who=who, claim_no=self.claim_no)

    def _must_speak_for(self, actor: Actor, party: str) -> None:
        self._must_know(party, self.confirmers)
        if actor.institution != (institution := self._institution(party)):
            said = {"expected": institution, "institution": actor.institution}
            raise refusals.OtherParty(field="actor", claim_no=self.claim_no, **said)

    def _not_as_claimed(self, what: str, said: Fen, claimed: Fen) -> None:
        told = {"what": what, "said": yuan(said), "claimed": yuan(claimed)}
        raise refusals.MoreThanClaimed(field=what, claim_no=self.claim_no, **told)


def _must_belong(actor: Actor, bank: str, claim_no: str) -> None:
    """The loan's own bank, or the operator."""
    if actor.role != "operator" and actor.institution != bank:
        said = {"expected": bank, "institution": actor.institution}
        raise refusals.OtherParty(field="actor", claim_no=claim_no, **said)


def _in_words(reason: str) -> None:
    if not reason.strip():
        raise InvalidInput(field="reason", problem="it is empty", expected="why, in words")
