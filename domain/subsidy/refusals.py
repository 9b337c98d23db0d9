"""What is refused of a subsidy, in words that name the rule and what to do."""

from __future__ import annotations

from domain.errors import Phrased, Refusal


class NotSubsidised(Phrased, Refusal):
    code = "subsidy.none"
    en = "{field}: no subsidy of loan {loan_no} can be worked out: {problem}; see the loan (`loan show`)"
    zh = "{field}：贷款 {loan_no} 无法计算贴息：{problem}；请查看该贷款（loan show）"
