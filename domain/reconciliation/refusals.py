"""Why something is not done with a bank account: one class a rule."""

from __future__ import annotations

from domain.errors import BadInput, Refusal


class UnknownAccount(BadInput):
    code = "account.unknown"
    en = "there is no bank account {account}; open it first, or see which there are"
    zh = "没有银行账户 {account}；请先登记，或查看已有账户"


class AccountExists(Refusal):
    code = "account.exists"
    en = "bank account {account} is there already; give another code"
    zh = "银行账户 {account} 已存在；请用其他代码"


class AccountTaken(Refusal):
    code = "account.taken"
    en = "the account of {key} (fund and bank) is in the books already; import its statements there"
    zh = "{key}（基金与银行）的账户已登记；请在该账户下导入对账单"


class UnknownLine(BadInput):
    code = "account.line_unknown"
    en = "account {account} has no line {line}; take its fingerprint from the reconciliation or the statement lines"
    zh = "账户 {account} 没有明细 {line}；请从对账结果或对账单明细中取其指纹"


class UnknownEntry(BadInput):
    code = "account.entry_unknown"
    en = "the books of account {account} have no entry {entry}; take its key from the reconciliation"
    zh = "账户 {account} 的账上没有分录 {entry}；请从对账结果中取其编号"


class MatchedAlready(Refusal):
    code = "account.matched_already"
    en = "{what} is matched by people already; take that match back first"
    zh = "{what} 已由人工勾对；请先取消该勾对"


class SumsDiffer(Refusal):
    code = "account.sums_differ"
    en = "the lines come to {lines} and the entries to {entries}; match what is equal, and record what is missing in the books"
    zh = "银行明细合计 {lines}，账面分录合计 {entries}；请勾对相等的各项，缺漏须先入账"


class NothingMatched(Refusal):
    code = "account.nothing_matched"
    en = "these lines and entries are kept apart already; see the reconciliation for what is matched"
    zh = "这些明细与分录已标为不符；请查看对账结果中的勾对"
