"""Recourse 追偿: what comes back of a paid claim, shared to the fen, passed on, taken back, written off."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from domain.actor import Actor
from domain.compensation import events, refusals
from domain.compensation.indemnity import Indemnity
from domain.errors import InvalidInput, SamePerson
from domain.facts import Moment
from domain.loan.deciding import positive, put_right
from domain.money import Fen, yuan


class Recourse(Indemnity):
    """The part of the aggregate in which money comes back."""

    def recover(
        self,
        moment: Moment,
        *,
        gross: Fen,
        cost: Fen,
        value_date: date,
        collected_by: str | None = None,
        bank: str | None = None,
        bank_reference: str | None = None,
    ) -> None:
        """追偿到账: costs first; the net is split on the cumulative amount (R-FUND-14); beyond the loss it is the bank's uncovered part,
        then the borrower's (domain.md §5.8).

        Raises ClaimStepOutOfOrder, NoSuchParty, InvalidInput, DatedInFuture.
        """
        moment.not_before(value_date)
        net = gross - cost
        if gross <= 0 or cost < 0 or net < 0:
            raise InvalidInput(
                field="gross",
                problem=f"{yuan(gross)} less costs {yuan(cost)}",
                expected="a gross amount that meets its costs",
            )
        leader = self._collector(collected_by, value_date)
        self.tell(
            events.RecoveryReceived,
            moment,
            loan=self.opening.loan,
            gross_fen=gross,
            cost_fen=cost,
            value_date=value_date,
            collected_by=leader,
            fund=self.fund,
            bank=bank,
            bank_reference=bank_reference,
            **self._further(net),
        )

    def take_over_asset(
        self,
        moment: Moment,
        *,
        asset: str,
        value: Fen,
        value_date: date,
        reason: str,
        evidence: Sequence[str],
        collected_by: str | None,
        requested_by: Actor,
        confirmed_by: Actor,
    ) -> None:
        """以物抵债 at a value that evidence shows, by two people; shared as a recovery of so much.

        Raises ClaimStepOutOfOrder, AssetKnown, NoSuchParty, SamePerson, InvalidInput, DatedInFuture.
        """
        moment.not_before(value_date)
        said = put_right(reason, evidence, requested_by, confirmed_by)
        positive(value)
        if any(fact.asset == asset for fact in self.facts_of(events.AssetTakenOver)):
            raise refusals.AssetKnown(field="asset", asset=asset, claim_no=self.claim_no)
        self.tell(
            events.AssetTakenOver,
            moment,
            loan=self.opening.loan,
            asset=asset,
            value_fen=value,
            value_date=value_date,
            collected_by=self._collector(collected_by, value_date),
            fund=self.fund,
            **said,
            **self._further(value),
        )

    def sell_asset(
        self, moment: Moment, *, asset: str, gross: Fen, cost: Fen, value_date: date, bank: str, bank_reference: str
    ) -> None:
        """抵债资产处置: what the net proceeds are more or less than the value at which it was taken over is shared by the scheme, too.

        Raises UnknownAsset, ClaimStepTooEarly, InvalidInput, DatedInFuture.
        """
        moment.not_before(value_date)
        held = {fact.asset: fact for fact in self.assets()}
        if asset not in held:
            raise refusals.UnknownAsset(field="asset", asset=asset, claim_no=self.claim_no)
        taken = held[asset]
        self._not_earlier(value_date, taken)
        if cost < 0 or gross < cost:
            problem, expected = f"{yuan(gross)} less costs {yuan(cost)}", "a gross amount that meets its costs"
            raise InvalidInput(field="gross", problem=problem, expected=expected)
        self.tell(
            events.AssetSold,
            moment,
            loan=self.opening.loan,
            asset=asset,
            value_fen=taken.value_fen,
            gross_fen=gross,
            cost_fen=cost,
            value_date=value_date,
            collected_by=taken.collected_by,
            fund=self.fund,
            bank=bank,
            bank_reference=bank_reference,
            **self._further(gross - cost - taken.value_fen),
        )

    def _collector(self, party: str | None, value_date: date) -> str:
        """Who holds what came, once the loss is borne. Raises ClaimStepOutOfOrder, NoSuchParty, InvalidInput."""
        self._must_stand("a recovery", "paid")
        borne = self._borne_on()
        if value_date < borne:
            raise InvalidInput(
                field="value_date",
                problem=f"{value_date} is before the loss of {borne}",
                expected="the day on which the last share was paid, or a later one",
            )
        collector = party or self.leader
        self._must_know(collector, self.parties)
        return collector

    @property
    def leader(self) -> str:
        """Who goes after the debt if nobody else is named: the guarantor, else the bank (assumed)."""
        return "guarantor" if "guarantor" in self.parties else "bank"

    def _further(self, net: Fen) -> dict[str, object]:
        """What a further net amount (negative: taken back) changes of everybody's part, each part worked out on the cumulative amount."""
        already = self.recovered
        old, new = self._placed(already), self._placed(already + net)
        shares, late = ([b - a for a, b in zip(old[n], new[n], strict=True)] for n in (0, 1))
        beyond = [b - a for a, b in zip(old[2], new[2], strict=True)]
        return {
            "net_before_fen": already,
            "shares": self._amounts_of(shares),
            "after_write_off": self._amounts_of(late) if any(late) else (),
            "excluded_fen": beyond[0],
            "refundable_fen": beyond[1],
        }

    def _placed(self, net: Fen) -> tuple[list[Fen], list[Fen], list[Fen]]:
        """Where so much net in all belongs: the parties' shares, what of these they had written off, and what is beyond the loss."""
        shares, on = self.split(net), self.amounts()
        kept = [on.get(("paid", party), 0) - on.get(("written_off", party), 0) for party in self.parties]
        late = [max(share - most, 0) for share, most in zip(shares, kept, strict=True)]
        beyond = net - sum(shares)
        to_bank = min(beyond, self.uncovered)
        return shares, late, [to_bank, beyond - to_bank]

    def reverse_recovery(
        self, moment: Moment, *, version: int, value_date: date, reason: str, requested_by: Actor, confirmed_by: Actor
    ) -> None:
        """追偿冲正: as if the money had never come, with a reason and two people; what was passed on is then owed back (domain.md §5.9).

        Raises UnknownRecovery, RecoveryReversedAlready, SamePerson, InvalidInput, DatedInFuture.
        """
        moment.not_before(value_date)
        if requested_by.subject == confirmed_by.subject:
            raise SamePerson(field="confirmed_by", subject=requested_by.subject)
        if not reason.strip():
            raise InvalidInput(field="reason", problem="it is empty", expected="why the recovery does not hold")
        received = {fact.originator_version: fact for fact in self.facts_of(events.RecoveryReceived)}
        if version not in received:
            raise refusals.UnknownRecovery(field="version", version=version, claim_no=self.claim_no)
        if any(fact.reverses_version == version for fact in self.facts_of(events.RecoveryReversed)):
            raise refusals.RecoveryReversedAlready(field="version", version=version, claim_no=self.claim_no)
        recovery = received[version]
        self._not_earlier(value_date, recovery)
        self.tell(
            events.RecoveryReversed,
            moment,
            value_date=value_date,
            loan=self.opening.loan,
            reverses_version=version,
            gross_fen=recovery.gross_fen,
            cost_fen=recovery.cost_fen,
            collected_by=recovery.collected_by,
            fund=recovery.fund,
            bank=recovery.bank,
            reason=reason,
            requested_by=requested_by.subject,
            confirmed_by=confirmed_by.subject,
            **self._further(recovery.cost_fen - recovery.gross_fen),
        )

    def remit(
        self, moment: Moment, *, party: str, payee: str, amount: Fen, bank: str, bank_reference: str, value_date: date
    ) -> None:
        """追偿分配: at most what is held for the payee, be it a party or the borrower, on the day and now.

        Raises NoSuchParty, MoreThanDue, InvalidInput, DatedInFuture.
        """
        moment.not_before(value_date)
        self._must_know(party, self.parties)
        self._must_know(payee, (*self.parties, "borrower"))
        if amount <= 0:
            problem = f"{yuan(amount)} is not more than 0.00"
            raise InvalidInput(field="amount", problem=problem, expected="a positive amount")
        due = min(self.held(party, payee), self.held(party, payee, value_date)) if party != payee else 0
        if amount > due:
            said = {"party": party, "payee": payee, "due": yuan(max(due, 0)), "amount": yuan(amount)}
            raise refusals.MoreThanDue(field="amount", claim_no=self.claim_no, **said)
        self.tell(
            events.RecoveryRemitted,
            moment,
            value_date=value_date,
            loan=self.opening.loan,
            party=party,
            payee=payee,
            amount_fen=amount,
            fund=self.fund,
            bank=bank,
            bank_reference=bank_reference,
        )

    def write_off(
        self,
        moment: Moment,
        *,
        party: str,
        amount: Fen | None,
        evidence: Sequence[str],
        reason: str,
        proposed_by: Actor,
        approved_by: Actor,
        value_date: date,
    ) -> None:
        """代偿核销, by evidence and two people; the claim is kept on file 账销案存 (R-FUND-18).

        `amount` left out: all that is outstanding. Raises WriteOffEvidenceMissing, SamePerson, MoreThanOutstanding, NoSuchParty, InvalidInput.
        """
        self._must_stand("a write-off", "paid")
        moment.not_before(value_date)
        self._must_know(party, self.parties)
        if proposed_by.subject == approved_by.subject:
            raise SamePerson(field="approved_by", subject=proposed_by.subject)
        if not evidence:
            raise refusals.WriteOffEvidenceMissing(field="evidence", claim_no=self.claim_no)
        outstanding = self.outstanding(party)
        given_up = outstanding if amount is None else amount
        if given_up > outstanding or given_up <= 0:
            said = {"amount": yuan(given_up), "outstanding": yuan(outstanding), "party": party}
            raise refusals.MoreThanOutstanding(field="amount", claim_no=self.claim_no, **said)
        self._not_earlier(value_date, *self._facts)
        self.tell(
            events.ShareWrittenOff,
            moment,
            value_date=value_date,
            loan=self.opening.loan,
            party=party,
            amount_fen=given_up,
            fund=self.fund,
            reason=reason,
            evidence=tuple(evidence),
            proposed_by=proposed_by.subject,
            approved_by=approved_by.subject,
        )

    def _borne_on(self) -> date:
        """The day from which the parties bear a loss that can be recovered."""
        if isinstance(self.opening, events.ClaimRecorded):
            return self.opening.charged_off_on
        return self.facts_of(events.ClaimSubrogated)[-1].value_date
