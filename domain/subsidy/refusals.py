"""What is refused of a subsidy, in words that name the rule and what to do."""

from __future__ import annotations

from domain.errors import Coded, Phrased, Refusal


class NotSubsidised(Phrased, Refusal):
    code = "subsidy.none"
    en = "{field}: no subsidy of loan {loan_no} can be worked out: {problem}; see the loan (`loan show`)"
    zh = "{field}：贷款 {loan_no} 无法计算贴息：{problem}；请查看该贷款（loan show）"


class UnknownSubsidyFund(Refusal):
    code = "subsidy_fund.unknown"
    en = "there is no subsidy fund {fund}; check its code, or open it (`subsidy open-fund`)"
    zh = "没有贴息资金 {fund}；请核对代码或先设立（subsidy open-fund）"


class FundCodeTaken(Refusal):
    """A guarantee fund's books and a subsidy fund's are told apart by the code (R-FUND-1)."""

    code = "subsidy_fund.exists"
    en = "{fund} is the code of a fund already; give this one a code of its own"
    zh = "代码 {fund} 已用于另一资金；请另编代码"


class YearNotClosed(Refusal):
    code = "subsidy_fund.year_not_closed"
    en = "the books of subsidy fund {fund} are not closed up to {until}; close them first (`subsidy close-period`)"
    zh = "贴息资金 {fund} 账簿尚未结至 {until}；请先结账（subsidy close-period）"


class YearSettledAlready(Refusal):
    code = "subsidy_fund.year_settled"
    en = "year {year} of subsidy fund {fund} was settled; what came later is settled with the next year"
    zh = "贴息资金 {fund} {year} 年度已清算；之后发生的随下一年度清算"


class NothingToReturn(Refusal):
    code = "subsidy_fund.nothing_to_return"
    en = "subsidy fund {fund} holds {held} for level {level}, and gives back no more; give that or less"
    zh = "贴息资金 {fund} 为 {level} 级持有 {held}，缴回不得超过；请减少金额"


class UnknownBatch(Refusal):
    code = "subsidy_batch.unknown"
    en = (
        "there is no subsidy batch {batch}; check its number (FUND.QUARTER.BANK), or calculate it (`subsidy calculate`)"
    )
    zh = "没有贴息批次 {batch}；请核对编号（资金.季度.银行）或先测算（subsidy calculate）"


class SubsidisedElsewhere(Refusal):
    """A loan's quarter is subsidised by one fund."""

    code = "subsidy_batch.subsidised_elsewhere"
    en = "another subsidy fund has a line for {key} (loan and quarter); leave the loan to that fund"
    zh = "另一贴息资金已有 {key}（贷款与季度）的明细；该贷款应由该资金贴息"


class BatchExists(Refusal):
    code = "subsidy_batch.exists"
    en = "batch {batch} is there already; recalculate it (`subsidy recalculate`), or dispute a line"
    zh = "贴息批次 {batch} 已存在；请重新测算（subsidy recalculate）或对明细提出异议"


class NothingToSubsidise(Refusal):
    code = "subsidy_batch.empty"
    en = "no loan of bank {bank} bore interest in {quarter} by a contract that says how it is run; check bank and quarter"
    zh = "{bank} 在 {quarter} 没有按合同计息的贷款；请核对银行与季度"


class BatchOutOfOrder(Coded, Refusal):
    codes = ("status", "needed")
    code = "subsidy_batch.out_of_order_step"
    en = "batch {batch} is {status}; this needs one that is {needed}"
    zh = "贴息批次 {batch} 状态为 {status}；此步须为 {needed}"


class OtherBank(Refusal):
    """A bank speaks for its own loans."""

    code = "subsidy_batch.other_bank"
    en = "batch {batch} is for {bank} to speak of, not for {institution}; act for that bank"
    zh = "贴息批次 {batch} 应由 {bank} 办理，而非 {institution}；请由该银行人员办理"


class LinesDisputed(Refusal):
    code = "subsidy_batch.disputed"
    en = "{count} lines of batch {batch} are disputed, first loan {loan_no}; settle the disputes (`subsidy settle-dispute`)"
    zh = "贴息批次 {batch} 有 {count} 笔明细存在异议，首笔为贷款 {loan_no}；请先处理异议（subsidy settle-dispute）"


class LinesOutdated(Refusal):
    code = "subsidy_batch.outdated"
    en = "since batch {batch} was calculated another one has changed what is told of loan {loan_no} in {quarter}; recalculate it (`subsidy recalculate`)"
    zh = "贴息批次 {batch} 测算后，其他批次已改变贷款 {loan_no} {quarter} 的贴息；请重新测算（subsidy recalculate）"


class UnknownLine(Refusal):
    code = "subsidy_batch.unknown_line"
    en = "batch {batch} has no line of loan {loan_no} for {quarter}; see its lines (`subsidy lines`)"
    zh = "贴息批次 {batch} 没有贷款 {loan_no} {quarter} 的明细；请查看明细（subsidy lines）"


class NotDisputed(Refusal):
    code = "subsidy_batch.not_disputed"
    en = "the line of loan {loan_no} in batch {batch} is not disputed; there is nothing to settle"
    zh = "贴息批次 {batch} 中贷款 {loan_no} 的明细没有异议；无需处理"


class DisputedAlready(Refusal):
    code = "subsidy_batch.disputed_already"
    en = "the line of loan {loan_no} in batch {batch} is disputed already; settle that first"
    zh = "贴息批次 {batch} 中贷款 {loan_no} 的明细已有异议；请先处理"


class BatchDatedEarlier(Refusal):
    code = "subsidy_batch.dated_earlier"
    en = "{value_date} is before {last}, the day of the step before in batch {batch}; give that day or a later one"
    zh = "{value_date} 早于贴息批次 {batch} 上一步骤之日 {last}；请填写当日或更晚"


class NothingToPay(Refusal):
    code = "subsidy_batch.nothing_to_pay"
    en = "nothing of batch {batch} is left to pay by this route; see its lines (`subsidy lines`)"
    zh = "贴息批次 {batch} 按此途径已无应付；请查看明细（subsidy lines）"


class NothingPaid(Refusal):
    code = "subsidy_batch.nothing_paid"
    en = "nothing was paid for loan {loan_no} in batch {batch}, so nothing can come back; check the loan"
    zh = "贴息批次 {batch} 未向贷款 {loan_no} 拨付，无可退回；请核对贷款"


class MoreThanGranted(Refusal):
    """What may be clawed back, collected or waived."""

    code = "subsidy_batch.more_than_granted"
    en = "{amount} is more than the {left} that is left of the line of loan {loan_no} in batch {batch}; give that or less"
    zh = "{amount} 超过贴息批次 {batch} 中贷款 {loan_no} 明细剩余的 {left}；请减少金额"


class NothingOverpaid(Refusal):
    code = "subsidy_batch.nothing_overpaid"
    en = "by all that is known now loan {loan_no} was granted no more than it should have been in {quarter}; stop its subsidy first, or give the amount"
    zh = "按目前已知情况，贷款 {loan_no} 在 {quarter} 未多贴；请先停止贴息或写明金额"
