"""Guards 约束行: what the facts of an append do to the rules that span streams. A pure function of the facts, so the rows can be rebuilt."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias
from uuid import UUID

from domain.compensation.events import (
    AssetSold,
    ClaimAdjusted,
    ClaimApproved,
    RecoveryReceived,
    RecoveryRemitted,
    RecoveryReversed,
    SharePaid,
)
from domain.facts import Fact
from domain.guarantee_fund.events import (
    CapitalInjected,
    CapitalWithdrawn,
    CashFact,
    GuaranteesResumed,
    GuaranteesSuspended,
    InterestReceived,
    MethodAdopted,
)
from domain.loan.balances import Balance
from domain.loan.events import (
    ChargedOff,
    ContractSigned,
    CostCharged,
    DateCorrected,
    Disbursed,
    EntryReversed,
    LoanClaimApproved,
    LoanClaimEnded,
    MisuseFound,
    MoneyFact,
    Recalculated,
    Refunded,
    Repaid,
    RepaymentReversed,
    ReservationLapsed,
    TakenOver,
    TermsChanged,
    Waived,
)
from domain.loan_application.events import (
    Approved,
    CapacityReleased,
    CapacityReserved,
    Contracted,
    CounterGuaranteeRegistered,
    CounterGuaranteeReleased,
    Expired,
    Rejected,
    Submitted,
    Withdrawn,
)
from domain.reconciliation.events import BankAccountOpened
from domain.rural_partner.events import (
    PartnerLeft,
    PartnerLoanLinked,
    PartnerRecruited,
    ProjectJobsVerified,
)
from domain.subsidy.events import (
    ClawbackCollected,
    FiscalAllocationReceived,
    ReturnedToBudget,
    SubsidyCalculated,
    SubsidyPaid,
    SubsidyPaymentFailed,
)

LIVE, LOANS, GUARANTEES = "live_application", "loans_of_person", "guarantees_of_person"
GUARANTEED = "guaranteed_by_person"
PARTNER, PARTNER_LOAN, JOBS_EVIDENCE = "partner_of_person", "partner_of_loan", "project_of_evidence"
ACCOUNT = "account_at_bank"
SUBSIDY = "subsidy_of_loan"
FUND_CAPACITY, FUND_CASH, FUND_SUSPENDED = "fund_capacity", "fund_cash", "fund_suspended"

SubsidyCash: TypeAlias = (
    FiscalAllocationReceived | ReturnedToBudget | SubsidyPaid | SubsidyPaymentFailed | ClawbackCollected
)


@dataclass(frozen=True)
class SlotMove:
    """Take one of `limit` slots of a key (refused when none is left), record one in any case, or free the holder's."""

    move: Literal["take", "record", "free"]
    guard: str
    key: str
    holder: str
    limit: int


@dataclass(frozen=True)
class TotalMove:
    """Use up, or add to, a capacity in fen; a binding move is refused when more is used than there is."""

    guard: str
    key: str
    used: int = 0
    capacity: int = 0
    binding: bool = False


def slot_moves(facts: Iterable[Fact]) -> list[SlotMove]:
    """What the facts do to the places that are counted over all streams."""
    return [move for fact in facts if type(fact) in _MOVES for move in _MOVES[type(fact)](fact)]


def _reference(
    fact: Disbursed
    | Repaid
    | Refunded
    | SharePaid
    | RecoveryReceived
    | AssetSold
    | RecoveryRemitted
    | CashFact
    | SubsidyCash,
) -> list[SlotMove]:
    """A bank's reference is recorded once, for whichever loan, claim or fund (domain.md §5.23)."""
    if fact.bank_reference is None:
        return []
    holder = f"{fact.originator_id}:{fact.originator_version}"
    return [SlotMove("take", "bank_reference", fact.bank_reference, holder, 1)]


def _place(guard: str, person: UUID, holder: str, most: int | None) -> SlotMove:
    """A place among `most`; a fact that states no bound is recorded whatever stands there."""
    return SlotMove("record" if most is None else "take", guard, str(person), holder, most or 0)


def _opened(fact: Submitted) -> list[SlotMove]:
    """One live application a household: each of its members has one place (domain.md §2)."""
    return [_place(LIVE, person, str(fact.originator_id), fact.live_most) for person in fact.members]


def _counted(fact: Approved) -> list[SlotMove]:
    """A loan counts from its approval on for everybody who borrows: at most three a person (R-LIM-6)."""
    return [_place(LOANS, person, str(fact.originator_id), fact.loans_most) for person in fact.counted]


def _ended(fact: Rejected | Withdrawn | Expired | Contracted) -> list[SlotMove]:
    """The household may apply again; an approval that was never used does not count (domain.md §5.19)."""
    holder = str(fact.originator_id)
    counted = fact.counted if isinstance(fact, Withdrawn | Expired) else ()
    return [
        *(SlotMove("free", LIVE, str(person), holder, 0) for person in fact.members),
        *(SlotMove("free", LOANS, str(person), holder, 0) for person in counted),
    ]


def _contracted(fact: Contracted) -> list[SlotMove]:
    """Whoever stands for a signed loan has stood for it ever after: it may go overdue (R-ELI-9)."""
    stood = (_place(GUARANTEED, person, str(fact.originator_id), None) for person in fact.guarantors)
    return [*_ended(fact), *stood]


def _stands(fact: CounterGuaranteeRegistered) -> list[SlotMove]:
    """A person stands for so many loans at most (R-ELI-9)."""
    if fact.person is None:
        return []
    holder = f"{fact.originator_id}:{fact.originator_version}"
    return [_place(GUARANTEES, fact.person, holder, fact.most)]


def _released(fact: CounterGuaranteeReleased) -> list[SlotMove]:
    if fact.person is None:
        return []
    return [SlotMove("free", GUARANTEES, str(fact.person), f"{fact.originator_id}:{fact.registered_version}", 0)]


def _recruited(fact: PartnerRecruited) -> list[SlotMove]:
    """A person is one partner at a time, so that partners are counted once (R-RP-4)."""
    return [SlotMove("take", PARTNER, str(one.person), str(fact.originator_id), 1) for one in fact.persons]


def _left(fact: PartnerLeft) -> list[SlotMove]:
    return [SlotMove("free", PARTNER, str(person), str(fact.originator_id), 0) for person in fact.persons]


def _linked(fact: PartnerLoanLinked) -> list[SlotMove]:
    """A loan is linked once, to one partner and at most one project."""
    holder = f"{fact.originator_id}:{fact.originator_version}"
    return [SlotMove("take", PARTNER_LOAN, fact.loan_no, holder, 1)]


def _proved(fact: ProjectJobsVerified) -> list[SlotMove]:
    """A document proves the jobs of one project (domain.md §5.30: counted once); of that one as often as it is looked at."""
    return [SlotMove("take", JOBS_EVIDENCE, digest, str(fact.originator_id), 1) for digest in fact.evidence]


def _account_opened(fact: BankAccountOpened) -> list[SlotMove]:
    """A fund has one account at a bank, because its books tell them apart by the bank."""
    return [SlotMove("take", ACCOUNT, f"{fact.fund}|{fact.bank}", fact.account, 1)]


def _calculated(fact: SubsidyCalculated) -> list[SlotMove]:
    """A loan's quarter is subsidised by one fund."""
    fund = _fund_of(fact) or ""
    return [SlotMove("take", SUBSIDY, f"{line.loan_no}|{line.quarter}", fund, 1) for line in fact.lines]


_MOVES: Mapping[type[Fact], Callable[[Any], list[SlotMove]]] = {
    Disbursed: _reference,
    Repaid: _reference,
    Refunded: _reference,
    SharePaid: _reference,
    RecoveryReceived: _reference,
    AssetSold: _reference,
    RecoveryRemitted: _reference,
    CapitalInjected: _reference,
    CapitalWithdrawn: _reference,
    InterestReceived: _reference,
    Submitted: _opened,
    Approved: _counted,
    Rejected: _ended,
    Withdrawn: _ended,
    Expired: _ended,
    Contracted: _contracted,
    CounterGuaranteeRegistered: _stands,
    CounterGuaranteeReleased: _released,
    PartnerRecruited: _recruited,
    PartnerLeft: _left,
    PartnerLoanLinked: _linked,
    ProjectJobsVerified: _proved,
    BankAccountOpened: _account_opened,
    SubsidyCalculated: _calculated,
    FiscalAllocationReceived: _reference,
    ReturnedToBudget: _reference,
    SubsidyPaid: _reference,
    SubsidyPaymentFailed: _reference,
    ClawbackCollected: _reference,
}


def total_moves(facts: Iterable[Fact]) -> list[TotalMove]:
    """What the facts together do to the capacities that are counted over all streams, one move a capacity.

    What takes nothing more is never refused: an approval that becomes a loan, or a fact that gives room back.
    """
    sums: dict[tuple[str, str], TotalMove] = {}
    for fact in facts:
        for move in _TOTALS[type(fact)](fact) if type(fact) in _TOTALS else ():
            place = (move.guard, move.key)
            before = sums.get(place, TotalMove(move.guard, move.key))
            used, capacity = before.used + move.used, before.capacity + move.capacity
            sums[place] = TotalMove(move.guard, move.key, used, capacity, before.binding or move.binding)
    taken = {move.key for move in sums.values() if move.guard == FUND_CAPACITY and move.used > 0}
    return [kept for move in sums.values() if (kept := _kept(move, taken)) is not None]


def _kept(move: TotalMove, taken: set[str]) -> TotalMove | None:
    if move.guard == FUND_SUSPENDED and move.binding:
        return move if move.key.partition("|")[0] in taken else None
    binding = move.binding and (move.used > 0 or move.capacity < 0)
    return replace(move, binding=binding) if move.used or move.capacity else None


def _fund_of(fact: Fact) -> str | None:
    """The guarantee fund that a loan's facts concern, by their scopes."""
    return next((scope.removeprefix("fund:") for scope in fact.scopes if scope.startswith("fund:")), None)


def _promised(fact: Fact, fund: str, fen: int) -> list[TotalMove]:
    """A new guarantee: within the fund's capacity, and where the fund gives any (R-FUND-3, R-FUND-11)."""
    places = ["all", *(scope for scope in fact.scopes if scope.startswith(("bank:", "county:")))]
    stops = [TotalMove(FUND_SUSPENDED, f"{fund}|{place}", binding=True) for place in places]
    return [TotalMove(FUND_CAPACITY, fund, used=fen, binding=True), *stops]


def _reserved(fact: CapacityReserved) -> list[TotalMove]:
    return _promised(fact, fact.fund, fact.amount_fen)


def _given_back(fact: CapacityReleased) -> list[TotalMove]:
    return [TotalMove(FUND_CAPACITY, fact.fund, used=-fact.amount_fen)]


def _signed(fact: ContractSigned) -> list[TotalMove]:
    fund = _fund_of(fact)
    return _promised(fact, fund, fact.reserved_fen) if fund and fact.reserved_fen else []


_PROMISES = (Balance.EXPOSURE, Balance.RESERVED)


def _changed(fact: MoneyFact | ReservationLapsed) -> list[TotalMove]:
    """Exposure and reservation as the fact changed them: never refused, it may take the fund past its capacity."""
    if (fund := _fund_of(fact)) is None:
        return []
    fen = sum(change.fen for change in fact.changes if change.party == "fund" and change.balance in _PROMISES)
    return [TotalMove(FUND_CAPACITY, fund, used=fen)]


def _adopted(fact: MethodAdopted) -> list[TotalMove]:
    """How often the fund's base counts."""
    return [TotalMove(f"{FUND_CAPACITY}_times", fact.fund, capacity=fact.multiplier - (fact.multiplier_before or 0))]


def _cash(fund: str, bank: str, fen: int, *, binding: bool = False) -> list[TotalMove]:
    """Money of the fund at a bank, which is the base of its capacity."""
    account = TotalMove(FUND_CASH, f"{fund}|{bank}", capacity=fen, binding=binding)
    return [account, TotalMove(FUND_CAPACITY, fund, capacity=fen, binding=binding)]


def _in(fact: CashFact) -> list[TotalMove]:
    return _cash(fact.fund, fact.bank, fact.amount_fen)


def _out(fact: CapitalWithdrawn) -> list[TotalMove]:
    return _cash(fact.fund, fact.bank, -fact.amount_fen, binding=True)


def _subsidy_cash(fact: SubsidyCash) -> list[TotalMove]:
    """Money of a subsidy fund at a bank; what is paid has to be there."""
    out = isinstance(fact, SubsidyPaid | ReturnedToBudget)
    fen = -fact.amount_fen if out else fact.amount_fen
    return [TotalMove(FUND_CASH, f"{fact.fund}|{fact.bank}", capacity=fen, binding=out)]


def _stopped(fact: GuaranteesSuspended) -> list[TotalMove]:
    return [TotalMove(FUND_SUSPENDED, _place_of(fact), capacity=-1)]


def _resumed(fact: GuaranteesResumed) -> list[TotalMove]:
    return [TotalMove(FUND_SUSPENDED, _place_of(fact), capacity=1)]


def _place_of(fact: GuaranteesSuspended | GuaranteesResumed) -> str:
    return f"{fact.fund}|{fact.scope}" if fact.code is None else f"{fact.fund}|{fact.scope}:{fact.code}"


def _owed(fact: ClaimApproved | ClaimAdjusted) -> list[TotalMove]:
    """What a fund owes on claims is no base for promises, though it is still on its account (R-FUND-5)."""
    changes = fact.shares if isinstance(fact, ClaimApproved) else fact.share_changes
    fen = sum(share.fen for share in changes if share.party == "fund")
    return [TotalMove(FUND_CAPACITY, fact.fund, capacity=-fen)]


def _paid(fact: SharePaid) -> list[TotalMove]:
    """The fund pays what it owes: from its account, and only if it is there; its base has fallen before.

    In a history, which nobody approved here, the base falls with the payment.
    """
    if fact.party != "fund":
        return []
    if fact.payee is None:
        return _cash(*_account(fact), -fact.amount_fen)
    return [TotalMove(FUND_CASH, "|".join(_account(fact)), capacity=-fact.amount_fen, binding=True)]


def _collected(fact: RecoveryReceived | RecoveryReversed) -> list[TotalMove]:
    """A recovery that the fund holds is on its account, whoever it will belong to; in a history everybody holds their share."""
    if fact.collected_by is None:
        fen = sum(share.fen for share in fact.shares if share.party == "fund")
        return _cash(*_account(fact), fen) if fen else []
    if fact.collected_by != "fund":
        return []
    fen = fact.gross_fen - fact.cost_fen
    return _cash(*_account(fact), fen if isinstance(fact, RecoveryReceived) else -fen)


def _sold(fact: AssetSold) -> list[TotalMove]:
    """What an asset that the fund held has brought is on its account."""
    return _cash(*_account(fact), fact.gross_fen - fact.cost_fen) if fact.collected_by == "fund" else []


def _passed_on(fact: RecoveryRemitted) -> list[TotalMove]:
    """What the fund passes on has to be on its account; that its base falls with it is never refused: it belongs to another."""
    if fact.payee == "fund":
        return _cash(*_account(fact), fact.amount_fen)
    if fact.party != "fund":
        return []
    fund, bank = _account(fact)
    account = TotalMove(FUND_CASH, f"{fund}|{bank}", capacity=-fact.amount_fen, binding=True)
    return [account, TotalMove(FUND_CAPACITY, fund, capacity=-fact.amount_fen)]


def _account(fact: SharePaid | RecoveryReceived | RecoveryReversed | RecoveryRemitted | AssetSold) -> tuple[str, str]:
    """The fund, and the bank of its account: the loan's, where the fact names none."""
    scopes = dict(scope.split(":", 1) for scope in reversed(fact.scopes))
    return fact.fund or scopes.get("fund", ""), fact.bank or scopes.get("bank", "")


_TOTALS: Mapping[type[Fact], Callable[[Any], list[TotalMove]]] = {
    CapacityReserved: _reserved,
    CapacityReleased: _given_back,
    ContractSigned: _signed,
    Disbursed: _changed,
    Repaid: _changed,
    RepaymentReversed: _changed,
    TermsChanged: _changed,
    MisuseFound: _changed,
    CostCharged: _changed,
    Waived: _changed,
    DateCorrected: _changed,
    EntryReversed: _changed,
    Recalculated: _changed,
    ChargedOff: _changed,
    LoanClaimApproved: _changed,
    LoanClaimEnded: _changed,
    TakenOver: _changed,
    ReservationLapsed: _changed,
    MethodAdopted: _adopted,
    CapitalInjected: _in,
    InterestReceived: _in,
    CapitalWithdrawn: _out,
    GuaranteesSuspended: _stopped,
    GuaranteesResumed: _resumed,
    ClaimApproved: _owed,
    ClaimAdjusted: _owed,
    SharePaid: _paid,
    RecoveryReceived: _collected,
    RecoveryReversed: _collected,
    AssetSold: _sold,
    RecoveryRemitted: _passed_on,
    FiscalAllocationReceived: _subsidy_cash,
    ReturnedToBudget: _subsidy_cash,
    SubsidyPaid: _subsidy_cash,
    SubsidyPaymentFailed: _subsidy_cash,
    ClawbackCollected: _subsidy_cash,
}
