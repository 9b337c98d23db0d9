"""How a claim stands: what its facts come to, on any day."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from domain.compensation import events, refusals
from domain.compensation.effects import Balance, effects, step_to, totals
from domain.facts import EventSourced, Fact, Moment
from domain.money import Fen, yuan
from domain.ratio import PartyAmount, ShareScheme

F = TypeVar("F", bound=Fact)

OPEN = ("filed", "returned", "verified", "disputed")
"""How a claim may stand before it is decided."""


class Payment(NamedTuple):
    """What a party has to pay, and to whom; `advanced` of it for others."""

    party: str
    payee: str
    fen: Fen
    advanced: Fen = 0


def payments(scheme: ShareScheme, shares: Mapping[str, Fen]) -> list[Payment]:
    """Who pays whom by the scheme's route, in order, so that the bank gets every share but its own exactly once (domain.md §5.25)."""
    others = {party: fen for party, fen in shares.items() if party != "bank" and fen}
    if scheme.route != "guarantor_advances" or "guarantor" not in shares:
        return [Payment(party, "bank", fen) for party, fen in others.items()]
    own = others.pop("guarantor", 0)
    advanced = sum(others.values())
    first = [Payment("guarantor", "bank", own + advanced, advanced)] if own + advanced else []
    return first + [Payment(party, "guarantor", fen) for party, fen in others.items()]


class ClaimStanding(EventSourced[Fact]):
    """The part of the aggregate that only reads and is told."""

    if TYPE_CHECKING:  # an annotation that ran would turn the class into a dataclass
        opening: events.ClaimRecorded | events.ClaimFiled

    def told(self, fact: Fact) -> None:
        if isinstance(fact, events.ClaimRecorded | events.ClaimFiled):
            self.opening = fact
            self._facts: list[Fact] = []
        elif not fact.TOPIC.startswith("claim."):
            raise TypeError(f"a claim knows nothing of {type(fact).__name__}")
        self._facts.append(fact)

    def scopes(self) -> tuple[str, ...]:
        concerned = [f"county:{self.opening.county}"] if self.opening.county else []
        concerned += [f"bank:{self.opening.bank}"] if isinstance(self.opening, events.ClaimFiled) else []
        concerned += [f"{p.party}:{p.institution}" for p in self.opening.scheme.parties if p.institution]
        return tuple(dict.fromkeys(concerned))

    def facts_of(self, kind: type[F]) -> list[F]:
        """Its facts of one kind, in order."""
        return [fact for fact in self._facts if isinstance(fact, kind)]

    @property
    def claim_no(self) -> str:
        return self.opening.claim_no

    @property
    def scheme(self) -> ShareScheme:
        return self.opening.scheme

    @property
    def parties(self) -> tuple[str, ...]:
        return tuple(share.party for share in self.scheme.parties)

    @property
    def fund(self) -> str | None:
        """The fund that stands behind the loan, if one does."""
        return next((share.institution for share in self.scheme.parties if share.party == "fund"), None)

    @property
    def filing(self) -> events.ClaimFiled:
        """How it was filed. Raises ClaimStepOutOfOrder for a claim that history recorded."""
        if isinstance(self.opening, events.ClaimFiled):
            return self.opening
        raise refusals.ClaimStepOutOfOrder(
            field="claim_no",
            claim_no=self.claim_no,
            status=self.status(),
            step="this step",
            needed="filed with the fund",
        )

    def status(self, as_of: date | None = None) -> str:
        """One of filed, returned, verified, disputed, approved, paid, rejected, withdrawn, lapsed: where its last step by then left it."""
        status = ""
        for fact in self._facts:
            if as_of is None or fact.value_date <= as_of:
                status = step_to(fact) or status
        return status

    # Amounts.

    def amounts(self, as_of: date | None = None) -> Mapping[tuple[Balance, str], Fen]:
        """Its balances by party, in fen."""
        return totals(e for fact in self._facts if as_of is None or fact.value_date <= as_of for e in effects(fact))

    @property
    def claimed(self) -> tuple[Fen, Fen]:
        """Principal and interest: what is still owed of what was filed."""
        told = [f for f in self._facts if isinstance(f, events.ClaimFiled | events.ClaimAdjusted)]
        return (told[-1].principal_fen, told[-1].interest_fen) if told else (0, 0)

    @property
    def honoured(self) -> tuple[Fen, Fen]:
        """Principal and interest: what was verified, as far as it is still owed."""
        verified = self.facts_of(events.ClaimVerified)
        if not verified:
            return self.claimed
        principal, interest = self.claimed
        return min(principal, verified[-1].principal_fen), min(interest, verified[-1].interest_fen)

    @property
    def covered(self) -> Fen:
        """What the parties share, or will share if it is approved."""
        return self.opening.covered_fen if isinstance(self.opening, events.ClaimRecorded) else sum(self.honoured)

    @property
    def guaranteed(self) -> Fen:
        """What all parties but the bank bear of it, once it is approved."""
        return sum(fen for (name, party), fen in self.amounts().items() if name == "approved" and party != "bank")

    @property
    def uncovered(self) -> Fen:
        """What the bank is owed besides, and no guarantee covers: what it excluded, and what was deducted."""
        if isinstance(self.opening, events.ClaimRecorded):
            return 0
        return self.opening.excluded_fen + sum(self.claimed) - self.covered

    def outstanding(self, party: str, as_of: date | None = None) -> Fen:
        """What a party has paid, and neither got back nor written off."""
        on = self.amounts(as_of)
        return on.get(("paid", party), 0) - on.get(("recovered", party), 0) - on.get(("written_off", party), 0)

    @property
    def recovered(self) -> Fen:
        """Net received so far, whoever it falls to."""
        came = {"recovered", "recovered_after_write_off", "excluded", "refundable"}
        return sum(fen for (balance, _), fen in self.amounts().items() if balance in came)

    def split(self, net: Fen) -> list[Fen]:
        """How so much net in all is shared, in the order of the parties: by the scheme, and to nobody more than it bore.

        Largest remainders are not monotone: by 9/30/61 the fund bears 0.02 of 0.29, and 0.03 of 0.28. What is beyond a party's loss goes
        to those that still have one, in the scheme's order of ties.
        """
        back = min(net, self.covered)
        bore, parts = self.scheme.parts(self.covered), self.scheme.parts(back)
        kept = [min(part, most) for part, most in zip(parts, bore, strict=True)]
        for party in self.scheme.tie_order:
            place = self.parties.index(party)
            kept[place] += min(back - sum(kept), bore[place] - kept[place])
        return kept

    def held(self, party: str, payee: str, as_of: date | None = None) -> Fen:
        """What a party holds of the recoveries for another (or the borrower), in fen; less what it was passed on, and owed back."""
        return self._held(party, payee, as_of) - self._held(payee, party, as_of)

    def _held(self, party: str, payee: str, as_of: date | None) -> Fen:
        fen = 0
        for fact in self._facts:
            if as_of is not None and fact.value_date > as_of:
                continue
            match fact:
                case (
                    events.RecoveryReceived() | events.RecoveryReversed() | events.AssetTakenOver() | events.AssetSold()
                ) if fact.collected_by == party:
                    fen += sum(part.fen for part in fact.shares if part.party == payee)
                    fen += {"bank": fact.excluded_fen, "borrower": fact.refundable_fen}.get(payee, 0)
                case events.RecoveryRemitted() if (fact.party, fact.payee) == (party, payee):
                    fen -= fact.amount_fen
        return fen

    def assets(self, as_of: date | None = None) -> list[events.AssetTakenOver]:
        """What was taken over and is not sold."""
        known = [fact for fact in self._facts if as_of is None or fact.value_date <= as_of]
        sold = {fact.asset for fact in known if isinstance(fact, events.AssetSold)}
        return [fact for fact in known if isinstance(fact, events.AssetTakenOver) and fact.asset not in sold]

    # Who acts next.

    def payments_due(self) -> list[Payment]:
        """What is to be paid by the scheme's route and is not yet."""
        if self.status() != "approved":
            return []
        shares = dict(zip(self.parties, self.scheme.parts(self.covered), strict=True))
        done = {(fact.party, fact.payee) for fact in self.facts_of(events.SharePaid)}
        return [payment for payment in payments(self.scheme, shares) if (payment.party, payment.payee) not in done]

    def round(self) -> list[Fact]:
        """What was said since the claim was last verified: what came before was of another amount."""
        since = max((n for n, fact in enumerate(self._facts) if isinstance(fact, events.ClaimVerified)), default=0)
        return self._facts[since:]

    def confirmed(self) -> set[str]:
        """The parties and offices that have said yes to what was last verified."""
        said = self.round()
        parties = {fact.party for fact in said if isinstance(fact, events.ShareConfirmed)}
        return parties | {fact.office for fact in said if isinstance(fact, events.ClaimEndorsed)}

    @property
    def confirmers(self) -> tuple[str, ...]:
        """The parties that confirm their own shares; the fund's is endorsed by its offices."""
        return tuple(party for party in self.parties if party in ("bank", "guarantor"))

    def waits_for(self) -> tuple[str, ...]:
        """Who has to act next."""
        match self.status():
            case "filed" | "disputed":
                return ("verifier",)
            case "returned":
                return ("bank",)
            case "verified":
                needed = (*self.confirmers, *self.filing.endorsed_by)
                return tuple(who for who in needed if who not in self.confirmed())
            case "approved":
                return tuple(payment.party for payment in self.payments_due())
        return ()

    def missing(self) -> tuple[str, ...]:
        """What of the package was returned and has not come again."""
        missing: tuple[str, ...] = ()
        for fact in self._facts:
            if isinstance(fact, events.ClaimMaterialsReturned):
                missing = fact.missing
            elif isinstance(fact, events.ClaimResubmitted):
                missing = tuple(code for code in missing if code not in fact.documents)
        return missing

    def state(self, as_of: date | None = None) -> Mapping[str, Any]:
        on = self.amounts(as_of)

        def by_party(balance: Balance) -> dict[str, str]:
            return {party: yuan(on.get((balance, party), 0)) for party in self.parties}

        return {
            "claim_no": self.claim_no,
            "loan_no": self.opening.loan_no,
            "status": self.status(as_of),
            "covered": yuan(self.covered),
            "paid": by_party("paid"),
            "recovered": {
                party: yuan(on.get(("recovered", party), 0) + on.get(("recovered_after_write_off", party), 0))
                for party in self.parties
            },
            "recovered_after_write_off": by_party("recovered_after_write_off"),
            "written_off": by_party("written_off"),
            "outstanding": {party: yuan(self.outstanding(party, as_of)) for party in self.parties},
            "behind": self._behind(on),
            "assets": [asset.asset for asset in self.assets(as_of)],
            "excluded": yuan(on.get(("excluded", "bank"), 0)),
            "refundable": yuan(on.get(("refundable", "borrower"), 0)),
            "waits_for": list(self.waits_for()) if as_of is None else None,
        }

    def _behind(self, on: Mapping[tuple[Balance, str], Fen]) -> dict[str, dict[str, dict[str, str]]]:
        """What those behind a party bear of its share, and get back of what it got 再担保, each worked out on the cumulative amount."""
        said: dict[str, dict[str, dict[str, str]]] = {}
        for share in self.scheme.parties:
            if share.behind:
                back = on.get(("recovered", share.party), 0) + on.get(("recovered_after_write_off", share.party), 0)
                bears, gets = (share.borne_behind(fen) for fen in (on.get(("approved", share.party), 0), back))
                said[share.party] = {i: {"share": yuan(bears[i]), "recovered": yuan(gets[i])} for i in bears}
        return said

    # What every step has to keep to.

    def _step(self, moment: Moment, value_date: date, step: str, *needed: str) -> None:
        """Every step is dated, in order, and from a standing that allows it."""
        moment.not_before(value_date)
        self._must_stand(step, *needed)
        last = max(fact.value_date for fact in self._facts if not isinstance(fact, events.ClaimAdjusted))
        if value_date < last:
            raise refusals.ClaimStepTooEarly(
                field="value_date", value_date=value_date, claim_no=self.claim_no, last=last
            )

    def _must_stand(self, step: str, *needed: str) -> None:
        if self.status() not in needed:
            raise refusals.ClaimStepOutOfOrder(
                field="claim_no", claim_no=self.claim_no, status=self.status(), step=step, needed=", ".join(needed)
            )

    def _amounts_of(self, parts: list[Fen]) -> tuple[PartyAmount, ...]:
        return tuple(PartyAmount(party=party, fen=fen) for party, fen in zip(self.parties, parts, strict=True))
