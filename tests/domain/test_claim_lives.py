"""Conservation: after every event of thousands of random lives, party by party and for the whole, to the fen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.bookkeeping.claims import ClaimBook
from domain.bookkeeping.posting import Place
from domain.compensation.claim import Claim
from domain.compensation.effects import effects
from domain.compensation.events import AssetSold, AssetTakenOver, RecoveryReceived, SharePaid
from domain.compensation.standing import OPEN
from domain.facts import Fact
from domain.loan.loan import Loan
from domain.money import Fen, yuan
from domain.ratio import PartyShare, ShareScheme
from domain.state import state_as_of
from tests.domain import claiming
from tests.domain.claiming import ADVANCED, FILED, FUND_ONLY, PAID, bullet, file, tried
from tests.domain.lending import NOW, SCHEME, pending

PLACE = Place("fund", "jining_rcb", "rencheng")
PARTIES = ("fund", "bank", "guarantor")


# An oracle that knows nothing of the program: exact parts, one fen after the other.


def naive_parts(fen: Fen, weights: Mapping[str, int], ties: tuple[str, ...]) -> dict[str, Fen]:
    whole = sum(weights.values())
    exact = {party: Fraction(fen * weight, whole) for party, weight in weights.items()}
    parts = {party: part.numerator // part.denominator for party, part in exact.items()}
    by_remainder = sorted(weights, key=lambda party: (parts[party] - exact[party], ties.index(party)))
    while sum(parts.values()) < fen:
        parts[by_remainder.pop(0)] += 1
    return parts


def naive_recovered(net: Fen, covered: Fen, weights: Mapping[str, int], ties: tuple[str, ...]) -> dict[str, Fen]:
    """Everybody's part of the net, nobody's larger than the loss; the fen that was too much goes to the first that has one left."""
    bore = naive_parts(covered, weights, ties)
    back = naive_parts(min(net, covered), weights, ties)
    surplus = 0
    for party in back:
        while back[party] > bore[party]:
            back[party] -= 1
            surplus += 1
    for party in ties:
        while surplus and back[party] < bore[party]:
            back[party] += 1
            surplus -= 1
    return back


@dataclass
class Life:
    """A loan and its claim, and beside them books that are kept by hand."""

    scheme: ShareScheme
    loan: Loan
    claim: Claim
    nets: dict[int, Fen] = field(default_factory=dict)
    book: ClaimBook = field(default_factory=ClaimBook)
    balances: Counter[tuple[str, str | None]] = field(default_factory=Counter)
    posted: int = 0
    assets: dict[str, int] = field(default_factory=dict)
    given_up: dict[str, Fen] = field(default_factory=lambda: dict.fromkeys(PARTIES, 0))

    def step(self, kind: str, fen: Fen, place: int, day: date) -> None:
        """Try something; what a rule refuses leaves no trace."""
        before = len(self.claim.pending_events)
        party = self.claim.parties[place % len(self.claim.parties)]
        claim = self.claim
        acts: dict[str, Any] = {
            "repay": lambda: self._repay(fen, day),
            "return": lambda: claim.return_materials(NOW, missing=("dunning",), actor=claiming.VERIFIER, value_date=day),
            "resubmit": lambda: claim.resubmit(NOW, documents=claiming.PACKAGE, actor=claiming.FILER, value_date=day),
            "verify": lambda: claiming.verify(claim, day, None if place else min(fen, claim.claimed[0] - 1)),
            "dispute": lambda: claim.dispute(NOW, party=party, reason="r", actor=claiming.BY_PARTY.get(party, claiming.BANKER), value_date=day),
            "settle": lambda: claim.settle_dispute(
                NOW, outcome="upheld" if fen % 2 else "dismissed", reason="r", actor=claiming.VERIFIER, value_date=day
            ),
            "approve": lambda: claiming.approve(claim, day),
            "reject": lambda: claim.reject(NOW, ground="other", reason="r", actor=claiming.VERIFIER, value_date=day),
            "pay": lambda: claiming.pay(claim, party, day),
            "recover": lambda: claiming.recover(claim, fen + fen // 40, fen // 40, day, collected_by=party),
            "take over": lambda: claiming.take_over(claim, f"A{fen % 4}", fen, day, party),
            "sell": lambda: claiming.sell(claim, f"A{place % 4}", fen, fen // 40, day),
            "take back": lambda: self._take_back(place, day),
            "write off": lambda: claiming.write_off(claim, party, fen if fen % 2 else None, day),
            "remit": lambda: claim.remit(
                NOW, party=party, payee=("borrower", *claim.parties)[fen % 3], amount=fen, bank="b",
                bank_reference=f"b|{claim.claim_no}|{claim.version}", value_date=day,
            ),
        }  # fmt: skip
        if tried(acts[kind]) or kind == "approve":
            self._follow(before)
        else:
            assert len(claim.pending_events) == before, "what was refused left a trace"

    def _repay(self, fen: Fen, day: date) -> None:
        """As the use case does it: both or neither."""
        if self.claim.facts_of(SharePaid):
            return
        self.loan.repay(NOW, amount=fen, value_date=day)
        principal, interest = self.loan.owed_of(self.claim.filing.value_date)
        self.claim.adjust(NOW, principal=principal, interest=interest, value_date=day)

    def _take_back(self, place: int, day: date) -> None:
        held = [version for version in self.nets if version > 0]
        claiming.take_back(self.claim, held[place % len(held)] if held else 99, day)

    def _follow(self, before: int) -> None:
        for fact in pending(self.claim)[before:]:
            if isinstance(fact, RecoveryReceived):
                self.nets[fact.originator_version] = fact.gross_fen - fact.cost_fen
            elif isinstance(fact, AssetTakenOver):
                self.nets[-fact.originator_version] = fact.value_fen
                self.assets[fact.asset] = -fact.originator_version
            elif isinstance(fact, AssetSold):
                self.nets[self.assets.pop(fact.asset)] = fact.gross_fen - fact.cost_fen
            elif fact.TOPIC == "claim.recovery_reversed":
                del self.nets[fact.reverses_version]  # type: ignore[attr-defined]
            elif fact.TOPIC == "claim.written_off":
                self.given_up[fact.party] += fact.amount_fen  # type: ignore[attr-defined]
            elif fact.TOPIC == "claim.approved":
                self.loan.be_released(NOW, covered=fact.covered_fen, value_date=fact.value_date)  # type: ignore[attr-defined]
            elif fact.TOPIC == "claim.subrogated":
                self.loan.be_taken_over(NOW, interest=self.claim.honoured[1], value_date=fact.value_date)
            elif fact.TOPIC in ("claim.rejected", "claim.withdrawn"):
                self.loan.end_claim(NOW, value_date=fact.value_date)

    # What must hold after every event.

    def holds(self) -> None:
        claim, on = self.claim, self.claim.amounts()
        weights = {share.party: share.weight for share in self.scheme.parties}
        ties = self.scheme.tie_order
        net = sum(self.nets.values())
        assert claim.recovered == net
        borne = naive_parts(claim.covered, weights, ties)
        back = naive_recovered(net, claim.covered, weights, ties)
        if claim.status() in ("approved", "paid"):
            assert {party: on.get(("approved", party), 0) for party in weights} == borne
        elif claim.status() == "lapsed":
            assert not any(on.values())
        for party in weights:
            paid, recovered = on.get(("paid", party), 0), on.get(("recovered", party), 0)
            late, given_up = on.get(("recovered_after_write_off", party), 0), on.get(("written_off", party), 0)
            assert given_up == self.given_up[party]
            assert claim.outstanding(party) == paid - recovered - given_up
            if claim.status() == "paid":
                assert paid == borne[party]
                assert recovered + late == back[party] <= borne[party], "nobody recovers more than was lost"
                assert claim.outstanding(party) >= 0
                assert 0 <= late <= given_up
        if claim.status() == "paid":
            outstanding = sum(claim.outstanding(party) for party in weights)
            came = sum(on.get((name, p), 0) for name in ("recovered", "recovered_after_write_off") for p in weights)
            late = sum(on.get(("recovered_after_write_off", p), 0) for p in weights)
            assert came == min(net, claim.covered)
            assert outstanding == claim.covered - (came - late) - sum(self.given_up.values())
            beyond = net - came
            assert on.get(("excluded", "bank"), 0) == min(beyond, claim.uncovered)
            assert on.get(("refundable", "borrower"), 0) == max(beyond - claim.uncovered, 0)
            self._debt_is_taken_over()
        self._nobody_stands_twice()
        self._books_agree()

    def _books_agree(self) -> None:
        """Every fact balances in each book, and the fund's accounts say of the claim what the claim says."""
        for fact in pending(self.claim)[self.posted :]:
            self.posted += 1
            lines = self.book.post(fact, PLACE)
            sums = Counter[str]()
            for line in lines:
                assert line.value_date == fact.value_date
                sums[line.account[0]] += line.fen
                self.balances[line.account, line.party] += line.fen
            assert not any(sums.values()), fact
        on, said = self.claim.amounts(), self.balances

        def of(name: Any) -> Fen:
            return on.get((name, "fund"), 0)

        assert said["G1101", None] == of("approved") - of("recovered") - of("written_off")
        assert said["G2001", None] == of("paid") - of("approved")
        assert said["G5001", None] == of("written_off")
        assert said["M9021", None] == of("written_off") - of("recovered_after_write_off")
        assert said["G4101", None] == -of("recovered_after_write_off")
        for other in ("bank", "guarantor", "borrower"):
            assert said["G1202", other] + said["G2101", other] == self.claim.held(other, "fund")
        held = sum(asset.value_fen for asset in self.claim.assets() if asset.collected_by == "fund")
        assert said["G1301", None] == held == sum(self.nets[v] for a, v in self.assets.items() if self._fund_holds(a))
        waiting = self.claim.status() in OPEN
        assert said["M9011", None] == (self.scheme.part("fund", self.claim.covered) if waiting else 0)

    def _fund_holds(self, asset: str) -> bool:
        return any(one.asset == asset and one.collected_by == "fund" for one in self.claim.facts_of(AssetTakenOver))

    def _debt_is_taken_over(self) -> None:
        assert (self.loan.outstanding, self.loan.status()) == (0, "taken_over")

    def _nobody_stands_twice(self) -> None:
        """A share is promised until it is approved, and owed from then on."""
        stands = self.loan.state()["balances"]
        released = self.claim.status() in ("approved", "paid")
        for party in ("fund", "guarantor"):
            promised = 0 if released else self.scheme.part(party, self.loan.outstanding)
            assert stands.get(f"exposure:{party}", "0.00") == yuan(promised)

    def replays(self) -> None:
        """Its facts alone say the same."""
        facts: list[Fact] = pending(self.claim)
        assert dict(state_as_of(facts)) == dict(self.claim.state())
        everything = [e for fact in facts for e in effects(fact)]
        assert (
            sum(e.fen for e in everything if e.balance in ("recovered", "recovered_after_write_off"))
            <= self.claim.covered
        )


SCHEMES = st.sampled_from((SCHEME, SCHEME, ADVANCED, FUND_ONLY)) | st.builds(
    lambda weights, ties, route: ShareScheme(
        name="any",
        parties=tuple(
            PartyShare(party=p, institution={"bank": "jining_rcb", "guarantor": "jining_guarantee"}.get(p, p), weight=w)
            for p, w in zip(PARTIES, weights, strict=True)
        ),
        tie_order=tuple(ties),
        route=route,
    ),
    st.tuples(st.integers(0, 99), st.integers(0, 99), st.integers(1, 99)),
    st.permutations(PARTIES),
    st.sampled_from(("each_pays_bank", "guarantor_advances")),
)
AMOUNTS = st.sampled_from((1, 2, 28, 29, 100, 33_333, 18_733_337)) | st.integers(1, 30_000_000)
BEFORE = ("repay", "return", "resubmit", "verify", "verify", "dispute", "settle", "approve", "approve", "reject", "pay")
AFTER = (
    "recover",
    "recover",
    "recover",
    "take over",
    "sell",
    "take back",
    "write off",
    "write off",
    "remit",
    "pay",
    "repay",
)
STEPS = st.tuples(AMOUNTS, st.integers(0, 5), st.integers(0, 60))


@settings(max_examples=1000, deadline=None)
@given(
    scheme=SCHEMES,
    amount=AMOUNTS,
    excluded=st.sampled_from((0, 0, 5_000)),
    before=st.lists(st.tuples(st.sampled_from(BEFORE), STEPS), max_size=6),
    after=st.lists(st.tuples(st.sampled_from(AFTER), STEPS), max_size=12),
)
def test_after_every_event_nothing_is_lost_and_nothing_is_made(
    scheme: ShareScheme, amount: Fen, excluded: Fen, before: list[Any], after: list[Any]
) -> None:
    loan = bullet(f"{amount // 100}.{amount % 100:02d}", scheme)
    life = Life(scheme, loan, file(loan, excluded=excluded))
    life.holds()
    for kind, (fen, place, days) in before:
        life.step(kind, min(fen, amount), place, FILED + timedelta(days=days))
    for kind in ("resubmit", "settle", "verify", "approve"):
        life.step(kind, 2, 1, PAID + timedelta(days=70))
    for place in (2, 0, 1, 2, 0, 1):
        life.step("pay", 1, place, PAID + timedelta(days=80))
        life.holds()
    for kind, (fen, place, days) in after:
        life.step(kind, fen, place, PAID + timedelta(days=90 + days))
        life.holds()
    life.replays()
