"""The facts of a loan, in the order of its life."""

from __future__ import annotations

from datetime import date
from typing import Literal, TypeAlias
from uuid import UUID

from pydantic import Field

from domain.facts import Fact, OpeningFact
from domain.frozen import Frozen
from domain.loan.ageing import Ageing, Category
from domain.loan.balances import BalanceChange
from domain.loan.terms import PolicyPin, RateBasis, RepaymentTerms, TermsChange
from domain.money import Fen
from domain.policy.rules import Kind as BorrowerKind
from domain.ratio import ShareScheme


class TapeRow(Frozen):
    """The row of a tape of historical loans that a fact was taken from; `values` are its columns, verbatim."""

    mapping: str
    file_digest: str
    row: int
    values: dict[str, str]


class ContractSigned(OpeningFact):
    """借款合同签订: what was agreed, with everything a later decision must not look up anew pinned."""

    TOPIC = "loan.contract_signed"
    originator_topic = "loan"  # type: ignore[misc]  # one for all openings, where the library keeps a field

    loan_no: str
    borrower: UUID | None = None
    bank: str
    guarantor: str | None = None
    county: str | None = None
    state: str | None = None
    product: str
    borrower_kind: BorrowerKind | None = None
    approved_fen: Fen = Field(ge=0)
    guaranteed_fen: Fen = Field(ge=0)
    term_months: int | None = Field(default=None, ge=0)
    terms: RepaymentTerms | None = None
    rate_basis: RateBasis | None = None
    policy: PolicyPin | None = None
    share_scheme: ShareScheme | None = None
    reserved_fen: Fen | None = Field(default=None, ge=0)
    """What the guarantee fund holds ready for it: its own share of the contract amount."""
    draw_until: date | None = None
    """The last day on which it may be drawn."""
    source_status: str | None = None
    urban_rural: str | None = None
    tape: TapeRow | None = None


class MoneyFact(Fact):
    """A fact that moves money: the amount, and the dated balance changes that it caused when it was recorded."""

    amount_fen: Fen = Field(ge=0)
    changes: tuple[BalanceChange, ...]


class Allocation(Frozen):
    """How a payment or a loss was split by whoever recorded it first; kept as stated, not computed again."""

    principal_fen: Fen = 0
    interest_fen: Fen = 0
    penalty_fen: Fen = 0


Prepayment: TypeAlias = Literal["shorten", "lower"]
"""What a borrower chose for principal paid ahead: fewer instalments, or lower ones."""


class Disbursed(MoneyFact):
    """放款: the bank paid out, in whole or in part."""

    TOPIC = "loan.disbursed"

    bank_reference: str | None = None


class ReservationLapsed(Fact):
    """额度失效: what was not drawn, and will not be, is no longer held ready by the guarantee fund."""

    TOPIC = "loan.reservation_lapsed"

    changes: tuple[BalanceChange, ...]


class Repaid(MoneyFact):
    """还款: the borrower paid. `stated` is there when the split comes from a tape, `prepayment` where the borrower chose.

    One that became known after later money had moved names the two people who say so.
    """

    TOPIC = "loan.repaid"

    bank_reference: str | None = None
    stated: Allocation | None = None
    prepayment: Prepayment | None = None
    requested_by: str | None = None
    confirmed_by: str | None = None


class RepaymentReversed(MoneyFact):
    """还款冲正: a repayment did not hold. Names the fact it reverses, the reason, and the two people."""

    TOPIC = "loan.repayment_reversed"

    reverses_version: int
    requested_by: str
    confirmed_by: str


class Refunded(MoneyFact):
    """退款: what was paid beyond what was owed went back to the borrower."""

    TOPIC = "loan.refunded"

    bank_reference: str | None = None


class TermsChanged(MoneyFact):
    """借款合同变更: from the value date on these terms hold: an extension 展期, another rate 利率调整, another plan 重组. No money moves.

    `consented_by` is the guarantor's person; without one the guarantor is released (R-FUND-15).
    """

    TOPIC = "loan.terms_changed"

    change: TermsChange
    terms: RepaymentTerms
    guarantor_released: bool = False
    consented_by: str | None = None
    requested_by: str
    confirmed_by: str


class MisuseFound(MoneyFact):
    """挪用认定: from the value date on the money was used otherwise than agreed; all of the loan bears the rate for misuse (R-INT-7)."""

    TOPIC = "loan.misuse_found"

    bank_knew: bool = False
    found_by: str
    confirmed_by: str


Waivable: TypeAlias = Literal["costs", "penalty", "interest"]
"""What a bank may do without; principal is given up by a charge-off."""


class CostCharged(MoneyFact):
    """费用: the bank spent on collecting what the borrower has to bear: a court's fee, a notary's. `reason` says what for."""

    TOPIC = "loan.cost_charged"

    charged_by: str


class Waived(MoneyFact):
    """减免: the bank does without as much of `part` as is owed on the value date; no money moves (domain.md §5.29)."""

    TOPIC = "loan.waived"

    part: Waivable
    requested_by: str
    confirmed_by: str


Redated: TypeAlias = Literal["disbursed", "repaid", "refunded", "cost_charged", "waived", "misused", "terms_changed"]
"""What may turn out to hold from another day; a loss and a claim are ended and recorded anew."""


class DateCorrected(MoneyFact):
    """起息日更正: what fact `corrects_version`, a `corrects`, recorded for `from_date` holds from the value date on; everything after it is worked out anew.

    `amount_fen` is that fact's (domain.md §5.15, §5.29).
    """

    TOPIC = "loan.date_corrected"

    corrects_version: int
    corrects: Redated
    from_date: date
    requested_by: str
    confirmed_by: str


Reversible: TypeAlias = Redated | Literal["died", "closed"]
"""What may turn out never to have been, besides a repayment; a loss and a claim are ended in their own way."""


class EntryReversed(MoneyFact):
    """冲正: what fact `reverses_version`, a `reverses`, recorded never was; everything after its day is worked out without it.

    `amount_fen` is that fact's, `from_date` the day for which it was recorded.
    """

    TOPIC = "loan.entry_reversed"

    reverses_version: int
    reverses: Reversible
    from_date: date
    requested_by: str
    confirmed_by: str


class Recalculated(MoneyFact):
    """重算: established at the end of the value date that what was recorded of the loan differs from what follows from all that is known now,
    because a working calendar was published after days of it; carries the difference, and moves no money."""

    TOPIC = "loan.recalculated"


class BorrowerDied(Fact):
    """借款人身故: on the value date. No loss by itself: estate, spouse and guarantors still owe (domain.md §5.11)."""

    TOPIC = "loan.borrower_died"

    reported_by: str


class BusinessClosed(Fact):
    """停业: the business that the loan was for ended on the value date; nothing more is drawn, and the fund is told (R-FUND-16)."""

    TOPIC = "loan.business_closed"

    report_by: date
    reported_by: str


class SubsidyStopped(Fact):
    """停止贴息: from the value date on nothing is subsidised: misuse, fraud, an employment that was found (R-SUB-14)."""

    TOPIC = "loan.subsidy_stopped"

    found_by: str


class SubsidyResumed(Fact):
    """恢复贴息: from the value date on it is subsidised again."""

    TOPIC = "loan.subsidy_resumed"

    found_by: str


class BecameOverdue(Fact):
    """逾期: established on the value date that the oldest unpaid amount fell due earlier. A notice, not a balance."""

    TOPIC = "loan.became_overdue"

    oldest_due: date
    arrears_fen: Fen = Field(ge=0)


class OverdueCured(Fact):
    """逾期解除: established on the value date that nothing due is unpaid any more, or that the loan has ended. A notice."""

    TOPIC = "loan.overdue_cured"


class Aged(Fact):
    """账龄变化: established at the end of the value date: how long the oldest unpaid due day is past, in which ageing, or how much is unpaid.
    A notice."""

    TOPIC = "loan.aged"

    oldest_due: date
    days: int = Field(gt=0)
    ageing: Ageing
    arrears_fen: Fen = Field(ge=0)


class Classified(Fact):
    """五级分类: established at the end of the value date by the days overdue (令〔2023〕第1号). A notice."""

    TOPIC = "loan.classified"

    category: Category
    days: int = Field(ge=0)
    basis: Literal["days_overdue"] = "days_overdue"


class ClaimBecameDue(Fact):
    """可申请代偿: established at the end of the value date that the loan is overdue for long enough to be claimed; `file_by` ends the
    quarter in which it became so (R-FUND-9). A notice."""

    TOPIC = "loan.claim_became_due"

    oldest_due: date
    days: int = Field(gt=0)
    file_by: date


class ChargedOff(MoneyFact):
    """呆账转销: the bank gave principal up; `claim_no` is the claim that its guarantee answers.

    `ends`: it was all that was owed, or a tape says so. `stated` is there when a tape says how much of the loss was principal of this loan.
    """

    TOPIC = "loan.charged_off"

    claim_no: str | None = None
    ends: bool = True
    stated: Allocation | None = None


class LoanClaimFiled(Fact):
    """代偿申请中: a claim is filed; until it ends there is no other, and nothing is paid out or charged off."""

    TOPIC = "loan.claim_filed"

    claim_no: str


class LoanClaimEnded(MoneyFact):
    """代偿终止: its claim was rejected, was withdrawn or has lapsed; whoever stood for the loan stands for it again."""

    TOPIC = "loan.claim_ended"

    claim_no: str


class LoanClaimApproved(MoneyFact):
    """代偿已批: the guarantee has become a debt of its parties, so the exposure of every one of them is released; `amount_fen` is covered."""

    TOPIC = "loan.claim_approved"

    claim_no: str


class TakenOver(MoneyFact):
    """代偿接管: the claim is paid, the debt belongs to those who bore it. `stated` is what was owed here: principal, and covered interest."""

    TOPIC = "loan.taken_over"

    claim_no: str
    stated: Allocation


class Settled(Fact):
    """结清: nothing is owed any more."""

    TOPIC = "loan.settled"


class Reopened(Fact):
    """重新开户: a loan that had ended owes again from that day on, because what paid it, or gave it up, did not hold or did not reach; it had not
    `ended` so, by what is known now."""

    TOPIC = "loan.reopened"

    ended: Literal["settled", "charged_off"] = "settled"


class JobsReported(Fact):
    """带动就业: jobs that the borrower says the loan created and retained."""

    TOPIC = "loan.jobs_reported"

    created: int = Field(ge=0)
    retained: int = Field(ge=0)
    basis: Literal["reported", "verified"] = "reported"
