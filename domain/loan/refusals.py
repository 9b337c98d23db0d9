"""What a loan refuses, one class a rule."""

from __future__ import annotations

from domain.errors import Refusal


class UnknownLoan(Refusal):
    code = "loan.unknown"
    en = "there is no loan {loan_no}; check the number"
    zh = "没有贷款 {loan_no}；请核对贷款编号"


class LoanExists(Refusal):
    code = "loan.exists"
    en = "loan {loan_no} is already recorded; give the new contract a number of its own"
    zh = "贷款 {loan_no} 已登记；请为新合同另编号码"


class TermsNotServiced(Refusal):
    """Interest of a running loan is worked out from what is owed each day; conventions that do otherwise are computed beforehand only."""

    code = "loan.terms_not_serviced"
    en = "a loan with {field} = {value} can be computed beforehand but is not serviced here; sign it with {offered}"
    zh = "{field} = {value} 的还款条件可以试算，但尚不支持按此签约；请改用 {offered}"


class BeyondContract(Refusal):
    """Disbursements sum to the contract amount at most (domain.md §2, LoanDisbursed)."""

    code = "loan.beyond_contract"
    en = "{amount} is more than the {left} that contract {loan_no} still allows; pay out less or sign a new contract"
    zh = "放款 {amount} 超过合同 {loan_no} 的剩余额度 {left}；请减少放款或另签合同"


class SubsidyStoppedBefore(Refusal):
    code = "loan.subsidy_stopped"
    en = "the subsidy of loan {loan_no} is stopped on {value_date} already; resume it first (`subsidy resume`)"
    zh = "贷款 {loan_no} 于 {value_date} 已停止贴息；请先恢复（subsidy resume）"


class SubsidyNotStopped(Refusal):
    code = "loan.subsidy_not_stopped"
    en = "the subsidy of loan {loan_no} is not stopped on {value_date}; there is nothing to resume"
    zh = "贷款 {loan_no} 于 {value_date} 未停止贴息；无可恢复"


class BeforeContract(Refusal):
    code = "loan.before_contract"
    en = "{value_date} is before contract {loan_no} was signed on {signed}; correct the date"
    zh = "{value_date} 早于合同 {loan_no} 的签订日 {signed}；请更正日期"


class NothingDisbursed(Refusal):
    code = "loan.nothing_disbursed"
    en = "nothing of loan {loan_no} has been paid out by {value_date}, so nothing can be owed by then; record the disbursement first, or correct the date"
    zh = "截至 {value_date} 贷款 {loan_no} 尚未放款，不存在欠款；请先登记放款或更正日期"


class NotServiced(Refusal):
    """A tape's loan, and a contract signed before there were rules for it, states no terms that could be changed."""

    code = "loan.not_serviced"
    en = "the contract of loan {loan_no} does not say how it is run, so that no terms, costs or waivers of it are kept; sign a new contract"
    zh = "贷款 {loan_no} 的合同未约定计息还款规则，无从登记变更、费用与减免；请另签合同"


class ExtendedAlready(Refusal):
    """R-LIM-7."""

    code = "loan.extended_already"
    en = "loan {loan_no} has been extended; it is extended once (R-LIM-7), so it has to be repaid, or claimed"
    zh = "贷款 {loan_no} 已展期；展期仅限一次（R-LIM-7），须还款或申请代偿"


class AfterMaturity(Refusal):
    """R-LIM-7."""

    code = "loan.after_maturity"
    en = "{value_date} is after {matures_on}, on which loan {loan_no} matures (R-LIM-7); an extension is asked for before that"
    zh = "{value_date} 晚于贷款 {loan_no} 的到期日 {matures_on}（R-LIM-7）；展期须在到期前申请"


class OtherGuarantor(Refusal):
    code = "loan.other_guarantor"
    en = "the guarantor of loan {loan_no} is {expected}, not {institution}; ask its person, or leave consented_by out, and it is released"
    zh = "贷款 {loan_no} 的担保机构为 {expected} 而非 {institution}；请由该机构同意，或不填 consented_by，则其担保责任解除"


class GuarantorReleased(Refusal):
    """R-FUND-15."""

    code = "loan.guarantor_released"
    en = "the contract of loan {loan_no} was changed without its guarantor's consent, so nobody stands for it (R-FUND-15); the bank bears the loss"
    zh = "贷款 {loan_no} 的合同变更未经担保机构同意，担保责任已解除（R-FUND-15）；损失由银行承担"


class MisuseKnown(Refusal):
    code = "loan.misuse_known"
    en = "misuse of loan {loan_no} has been recorded; it is recorded once, from its first day"
    zh = "贷款 {loan_no} 的挪用已登记；自首日起登记一次即可"


class BankKnewOfMisuse(Refusal):
    """domain.md §5.27."""

    code = "loan.bank_knew_of_misuse"
    en = "the bank knew that loan {loan_no} was misused, so nobody else bears its loss; it has to collect itself"
    zh = "银行明知贷款 {loan_no} 被挪用，不予代偿；请自行清收"


class MoreThanRefundable(Refusal):
    code = "loan.more_than_refundable"
    en = "{amount} is more than the {left} that was paid on loan {loan_no} beyond what was owed; refund at most that"
    zh = "退款 {amount} 超过贷款 {loan_no} 的多付款 {left}；最多退还该额"


class SaidBefore(Refusal):
    code = "loan.said_before"
    en = "this has been recorded of loan {loan_no} before; nothing is left to record"
    zh = "贷款 {loan_no} 的此项已登记；无需重复登记"


class BusinessIsClosed(Refusal):
    """R-FUND-16."""

    code = "loan.business_closed"
    en = "the business that loan {loan_no} was for has closed (R-FUND-16); nothing more is paid out, let the rest lapse"
    zh = "贷款 {loan_no} 所支持的经营主体已停业（R-FUND-16）；不再放款，剩余额度请释放"


class OtherBank(Refusal):
    """A bank gives up its own loans only."""

    code = "loan.other_bank"
    en = "loan {loan_no} is of bank {expected}, not of {institution}; ask somebody of that bank"
    zh = "贷款 {loan_no} 属于 {expected} 而非 {institution}；请由该行人员办理"


class LoanEnded(Refusal):
    code = "loan.ended"
    en = "loan {loan_no} is {status}; only repayments, recoveries and corrections may still be recorded"
    zh = "贷款 {loan_no} 状态为 {status}；仅可登记还款、追偿与更正"


class UnderClaim(Refusal):
    """One claim at a time; while it stands nothing is paid out, charged off or claimed again (domain.md §2, ClaimFiled)."""

    code = "loan.under_claim"
    en = "claim {claim_no} stands on loan {loan_no}; go on with that one, or end it first"
    zh = "贷款 {loan_no} 有代偿案 {claim_no}；请续办该案或先予终结"


class IsTakenOver(Refusal):
    """After the claim was paid, the borrower's money belongs to all who bore the loss (domain.md §5.7)."""

    code = "loan.taken_over"
    en = "the debt of loan {loan_no} was taken over by claim {claim_no}; record the money as a recovery of claim {claim_no}"
    zh = "贷款 {loan_no} 已由代偿案 {claim_no} 接管；请将该款项登记为代偿案 {claim_no} 的追偿"


class MoreThanOwed(Refusal):
    code = "loan.more_than_owed"
    en = "{amount} is more than the {owed} of principal that loan {loan_no} owes; charge off at most that"
    zh = "转销 {amount} 超过贷款 {loan_no} 所欠本金 {owed}；最多转销所欠本金"


class LateReceipt(Refusal):
    """What was recorded is put right by two people, with a reason and evidence."""

    code = "loan.late_receipt"
    en = (
        "a receipt of {value_date} changes what loan {loan_no} has paid up to {later}; give {field}:"
        " why it is late, what shows it, and a second person who confirms it"
    )
    zh = "{value_date} 的回款将改变贷款 {loan_no} 截至 {later} 的还款分配；请填写 {field}：补录原因、凭证摘要与复核人"


class UnknownRepayment(Refusal):
    code = "loan.unknown_repayment"
    en = "fact {version} of loan {loan_no} is not a repayment, nor anything else that is taken back; look its version up in the loan's history"
    zh = "贷款 {loan_no} 的第 {version} 条记录不是还款，也不是其他可冲正的记录；请在贷款历史中核对"


class AlreadyReversed(Refusal):
    code = "loan.already_reversed"
    en = "fact {version} of loan {loan_no} is already reversed; nothing is left to take back"
    zh = "贷款 {loan_no} 的第 {version} 条记录已冲正；无需再次冲正"


class ReferenceUsed(Refusal):
    """A bank's reference is recorded once (domain.md §5.23: the same file sent twice)."""

    code = "bank_reference.used"
    en = "bank reference {reference} is already recorded; this payment has been taken in before"
    zh = "银行流水号 {reference} 已登记；该笔款项此前已入账"


class UnknownMovement(Refusal):
    """Of what a tape states, and of losses and claims, the date is not corrected here: they are recorded anew."""

    code = "loan.unknown_movement"
    en = "fact {version} of loan {loan_no} is no money that moved, nor a change of its terms; look its version up in the loan's history"
    zh = "贷款 {loan_no} 的第 {version} 条记录不是资金变动或合同变更；请在贷款历史中核对"


class MoreThanWaivable(Refusal):
    code = "loan.more_than_waivable"
    en = "{amount} is more than the {owed} of {part} that loan {loan_no} owes on that day; waive at most that"
    zh = "减免 {amount} 超过贷款 {loan_no} 当日所欠的 {owed}（{part}）；最多减免该额"


class DrawnTooLate(Refusal):
    """What the fund held ready for the loan lapses after the last day for drawing it (domain.md §5.24)."""

    code = "loan.drawn_too_late"
    en = "{field}: {value_date} is after {until}, the last day on which loan {loan_no} may be drawn; apply anew for the rest"
    zh = "{field}：{value_date} 晚于贷款 {loan_no} 的最后提款日 {until}；未提部分请重新申请"


class NothingToLapse(Refusal):
    code = "loan.nothing_to_lapse"
    en = "on {day} nothing that is held ready for loan {loan_no} has lapsed; look again after its last day for drawing"
    zh = "{day} 贷款 {loan_no} 没有到期失效的预留额度；请在最后提款日之后再办理"
