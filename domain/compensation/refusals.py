"""What a claim refuses, one class a rule."""

from __future__ import annotations

from collections.abc import Mapping

from domain.errors import Coded, Language, Refusal
from domain.phrases import in_chinese


class UnknownClaim(Refusal):
    code = "claim.unknown"
    en = "there is no claim {claim_no}; check the number"
    zh = "没有代偿案 {claim_no}；请核对编号"


class ClaimExists(Refusal):
    code = "claim.exists"
    en = "claim {claim_no} is already recorded; give this one a number of its own"
    zh = "代偿案 {claim_no} 已登记；请另编号码"


class AssetKnown(Refusal):
    code = "claim.asset_known"
    en = "asset {asset} was taken over in claim {claim_no} already; give this one a code of its own"
    zh = "代偿案 {claim_no} 已登记抵债资产 {asset}；请另编代码"


class UnknownAsset(Refusal):
    code = "claim.asset_unknown"
    en = "claim {claim_no} has no asset {asset} that was taken over and is not sold; see the claim (`claim show`)"
    zh = "代偿案 {claim_no} 没有已接收且未处置的资产 {asset}；请查看代偿案（claim show）"


class NotGuaranteed(Refusal):
    code = "claim.not_guaranteed"
    en = "loan {loan_no} pinned no risk-sharing scheme, so no guarantee answers its loss; charge it off without a claim"
    zh = "贷款 {loan_no} 未约定风险分担方案，无担保可代偿；请不经代偿直接转销"


class NoFundBehind(Refusal):
    code = "claim.no_fund"
    en = "the scheme of loan {loan_no} names no guarantee fund, so there is nobody to file with; charge the loan off, with its claim"
    zh = "贷款 {loan_no} 的分担方案未列担保基金，无从申请代偿；请按转销登记代偿"


class NotOverdueEnough(Refusal):
    """A claim is filed when the oldest unpaid due date is more than so many days ago (R-FUND-9)."""

    code = "claim.not_overdue_enough"
    en = "loan {loan_no} is {days} days overdue and a claim needs more than {needed} (R-FUND-9); go on dunning, and file after that"
    zh = "贷款 {loan_no} 逾期 {days} 天，须超过 {needed} 天方可申请代偿（R-FUND-9）；请继续催收，期满再申请"


class RecoveredSince(Refusal):
    """A claim is for what has not been recovered (R-FUND-9): not for a loan that has been paid up meanwhile."""

    code = "claim.recovered_since"
    en = "loan {loan_no} has been paid up since and owes nothing overdue on {today} (R-FUND-9); there is nothing to claim, go on collecting"
    zh = "贷款 {loan_no} 其后已还清逾期款项，{today} 无逾期（R-FUND-9）；无需代偿，请继续正常收款"


class ClaimFirst(Refusal):
    """What a fund bears is claimed from it, step by step (R-FUND-9); nobody charges it to the fund alone."""

    code = "claim.claim_first"
    en = "a fund stands behind loan {loan_no}, so its share is claimed, not charged off; file the claim, or leave claim_no out and the bank bears the loss alone"
    zh = "贷款 {loan_no} 由担保基金担保，须申请代偿而不得直接转销；请提出代偿申请，或不填 claim_no 由银行自行承担损失"


class DocumentsMissing(Refusal):
    """A claim is filed, and gone on with, when its package is whole."""

    code = "claim.documents_missing"
    en = "claim {claim_no} lacks: {missing}; hand in all of them"
    zh = "代偿案 {claim_no} 缺少：{missing}；请一并补齐"


class ClaimStepOutOfOrder(Coded, Refusal):
    codes = ("status", "needed")
    code = "claim.step_out_of_order"
    en = "claim {claim_no} is {status}; {step} needs one that is {needed}"
    zh = "代偿案 {claim_no} 状态为 {status}；{step}须为 {needed}"

    def told(self, language: Language) -> Mapping[str, object]:
        told = dict(super().told(language))
        return told | (
            {"step": in_chinese(str(told["step"]))}
            if language == "zh"
            else {"needed": str(told["needed"]).replace(", ", " or ")}
        )


class ClaimStepTooEarly(Refusal):
    code = "claim.before_last_step"
    en = "{value_date} is before the last step of claim {claim_no} on {last}; correct the date"
    zh = "{value_date} 早于代偿案 {claim_no} 最近一步的日期 {last}；请更正日期"


class OtherParty(Refusal):
    """Each party speaks and pays for itself."""

    code = "claim.other_institution"
    en = "this is for {expected} to do for claim {claim_no}, not for {institution}"
    zh = "代偿案 {claim_no} 的此项应由 {expected} 办理，而非 {institution}"


class NoSuchParty(Coded, Refusal):
    codes = ("party", "parties")
    code = "claim.no_such_party"
    en = "{party} does not act here for claim {claim_no}; choose one of: {parties}"
    zh = "代偿案 {claim_no} 此项无 {party}；可选：{parties}"


class MoreThanClaimed(Coded, Refusal):
    """Honoured is at most what was claimed and is still owed, and every fen of the difference has a reason."""

    codes = ("what",)
    code = "claim.more_than_claimed"
    en = "{what} of claim {claim_no}: {said}, and {claimed} is claimed; verify at most that, and explain the rest as deductions"
    zh = "代偿案 {claim_no} 的 {what}：{said}，申请为 {claimed}；核实额不得超过申请额，差额须列明扣减理由"


class NothingHonoured(Refusal):
    code = "claim.nothing_honoured"
    en = "nothing of claim {claim_no} would be honoured; reject it with the reason"
    zh = "代偿案 {claim_no} 核实后无应代偿金额；请写明理由驳回"


class SaidAlready(Coded, Refusal):
    codes = ("who",)
    code = "claim.said_already"
    en = "{who} has done this for claim {claim_no}; it is done once"
    zh = "{who} 已就代偿案 {claim_no} 办理；仅办理一次"


class PaidAlready(Coded, Refusal):
    """Nothing is paid twice (domain.md §5.25)."""

    codes = ("party",)
    code = "claim.paid_already"
    en = "{party} has paid its share of claim {claim_no}; nothing is paid twice"
    zh = "{party} 已支付代偿案 {claim_no} 的分担额；不得重复支付"


class NothingToPay(Coded, Refusal):
    codes = ("party", "waiting")
    code = "claim.nothing_to_pay"
    en = "{party} has nothing to pay for claim {claim_no}; waiting for: {waiting}"
    zh = "{party} 在代偿案 {claim_no} 中无应付款；待办：{waiting}"


class NotAdvancedYet(Coded, Refusal):
    """Where the guarantor advances the fund's share, the fund refunds what was advanced and not before."""

    codes = ("party",)
    code = "claim.not_advanced"
    en = "the guarantor has not advanced the share of {party} in claim {claim_no} yet; it pays first and is refunded then"
    zh = "代偿案 {claim_no} 中 {party} 的分担额尚未由担保机构垫付；须先垫付后偿还"


class SharesArePaid(Refusal):
    """From the first payment on the borrower's money is a recovery for all parties, not a repayment to the bank (domain.md §5.7)."""

    code = "claim.shares_are_paid"
    en = "shares of claim {claim_no} are paid already; record the money as a recovery of claim {claim_no}, when all of them are"
    zh = "代偿案 {claim_no} 已开始支付；该款项请在全部支付后登记为代偿案 {claim_no} 的追偿"


class UnknownRecovery(Refusal):
    code = "claim.unknown_recovery"
    en = "fact {version} of claim {claim_no} is not a recovery; look its version up in the history"
    zh = "代偿案 {claim_no} 的第 {version} 条记录不是追偿到账；请核对历史"


class RecoveryReversedAlready(Refusal):
    code = "claim.recovery_reversed_already"
    en = "recovery {version} of claim {claim_no} is already reversed; nothing is left to take back"
    zh = "代偿案 {claim_no} 的追偿 {version} 已冲正；无需再次冲正"


class MoreThanDue(Coded, Refusal):
    codes = ("party", "payee")
    code = "claim.more_than_due"
    en = "{party} holds {due} for {payee} in claim {claim_no}, not {amount}; remit at most that"
    zh = "代偿案 {claim_no} 中 {party} 应付 {payee} 为 {due}，而非 {amount}；最多划付该额"


class MoreThanOutstanding(Coded, Refusal):
    codes = ("party",)
    code = "claim.more_than_outstanding"
    en = "{amount} is more than the {outstanding} that {party} has outstanding in claim {claim_no}; write off at most that"
    zh = "核销 {amount} 超过 {party} 在代偿案 {claim_no} 的未收回额 {outstanding}；最多核销该额"


class WriteOffEvidenceMissing(Refusal):
    """R-FUND-18: a court's termination, a death without estate, a bankruptcy."""

    code = "claim.evidence_missing"
    en = "writing off claim {claim_no} needs evidence (R-FUND-18), for example a court's termination of enforcement; add it"
    zh = "核销代偿案 {claim_no} 须附证据（R-FUND-18），如法院终结执行裁定；请补充"
