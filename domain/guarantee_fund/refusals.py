"""What is refused of a guarantee fund, in words that name the rule and what to do."""

from __future__ import annotations

from domain.errors import Refusal


class UnknownFund(Refusal):
    code = "fund.unknown"
    en = "there is no guarantee fund {fund}; check its code, or open it (`fund open`)"
    zh = "没有担保基金 {fund}；请核对代码或先设立（fund open）"


class FundExists(Refusal):
    code = "fund.exists"
    en = "fund {fund} is open already; give this one a code of its own"
    zh = "担保基金 {fund} 已设立；请另编代码"


class FundCapacityExceeded(Refusal):
    """A new guarantee, or a withdrawal, that the multiplier leaves no room for (R-FUND-3)."""

    code = "fund.capacity_exceeded"
    en = "fund {fund} has {headroom} left to promise (R-FUND-3); add capital, let reservations lapse, or guarantee less"
    zh = "担保基金 {fund} 可用担保额度仅余 {headroom}（R-FUND-3）；请注资、释放预留或减少担保额"


class CashShort(Refusal):
    code = "fund.cash_short"
    en = "fund {fund} has only {cash} in its account at bank {bank}; pay from another account or bring money in"
    zh = "担保基金 {fund} 在 {bank} 的专户余额仅 {cash}；请改由其他专户支付或补足资金"


class FundDatedEarlier(Refusal):
    """Nothing of a fund is true before it was opened, nor an end before its beginning."""

    code = "fund.dated_earlier"
    en = "{value_date} is before {first}, on which fund {fund} was opened or what this changes began; correct the date"
    zh = "{value_date} 早于担保基金 {fund} 设立或该事项开始之日 {first}；请更正日期"


class LevelShort(Refusal):
    code = "fund.level_short"
    en = "only {left} of the capital of fund {fund} is of level {level}; nobody takes out more than they brought in"
    zh = "担保基金 {fund} 中 {level} 级资本仅余 {left}；各级退出不得超过其注入"


class GuaranteesAreSuspended(Refusal):
    """R-FUND-11: no new guarantees; what was approved before is honoured."""

    code = "fund.suspended"
    en = "fund {fund} gives no new guarantees for {scope} (R-FUND-11); wait until it resumes them (`fund show`)"
    zh = "担保基金 {fund} 已暂停为 {scope} 新增担保（R-FUND-11）；请待其恢复（fund show）"


class NothingToResume(Refusal):
    code = "fund.not_suspended"
    en = "guarantees of fund {fund} are not suspended for {scope}; there is nothing to resume"
    zh = "担保基金 {fund} 未对 {scope} 暂停担保；无可恢复"


class PeriodNotOver(Refusal):
    code = "fund.period_not_over"
    en = "a period is closed by the last day of a month that is over, not by {until}; give an earlier month's last day"
    zh = "结账日须为已结束月份的最后一日，{until} 不是；请改为更早月份的月末"


class PeriodClosedAlready(Refusal):
    code = "fund.period_closed"
    en = "the books of fund {fund} are closed up to {closed_until}; close a later month, or reopen this one with two people"
    zh = "担保基金 {fund} 账簿已结至 {closed_until}；请结更晚的月份，或经双人反结账"


class NothingClosed(Refusal):
    code = "fund.nothing_closed"
    en = "fund {fund} has no closed period that ends on {until}; the last one ends on {closed_until}, and is reopened first"
    zh = "担保基金 {fund} 没有止于 {until} 的已结期间；最近一期止于 {closed_until}，应先反结该期"
