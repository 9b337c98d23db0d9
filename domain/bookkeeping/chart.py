"""The chart of accounts 科目表 (domain.md §3): the guarantee fund's book G, the interest subsidy's book S, and the memo book M of what is promised
and kept in mind. Accounts of the budget's levels are told apart by the level of a line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple, TypeAlias

from domain.guarantee_fund.events import Level

Side: TypeAlias = Literal["debit", "credit"]


class Account(NamedTuple):
    """`side` is where it grows; its book is its first letter."""

    code: str
    zh: str
    en: str
    side: Side

    @property
    def book(self) -> str:
        return self.code[0]


_ACCOUNTS = (
    Account("G1001", "担保基金专户存款", "fund cash at bank", "debit"),
    Account("G1101", "应收代偿款", "recoverable from borrowers", "debit"),
    Account("G1109", "代偿损失准备", "allowance for losses", "credit"),
    Account("G1202", "应收追偿分配款", "due from who collected", "debit"),
    Account("G1203", "待查款", "suspense", "debit"),
    Account("G1301", "抵债资产", "repossessed assets", "debit"),
    Account("G2001", "应付代偿款", "approved claims payable", "credit"),
    Account("G2101", "应付追偿分配款", "due to co-sharers", "credit"),
    Account("G3001", "基金本金（市级）", "capital from the city", "credit"),
    Account("G3002", "基金本金（县级）", "capital from counties", "credit"),
    Account("G3003", "基金本金（奖补）", "capital from incentive money", "credit"),
    Account("G3004", "基金本金（省级）", "capital from the province", "credit"),
    Account("G3005", "基金本金（中央）", "capital from the centre", "credit"),
    Account("G3101", "累计盈亏", "accumulated result", "credit"),
    Account("G4001", "存款利息收入", "interest income", "credit"),
    Account("G4101", "已核销收回", "recovery after write-off", "credit"),
    Account("G5001", "代偿损失", "compensation loss", "debit"),
    Account("S1001", "贴息专户存款", "subsidy cash at bank", "debit"),
    Account("S1101", "应收财政贴息款", "due from the budget, by level", "debit"),
    Account("S1201", "应收追回贴息", "clawback receivable", "debit"),
    Account("S2001", "应付贴息", "subsidy payable", "credit"),
    Account("S2101", "应缴回财政", "refundable to the budget, by level", "credit"),
    Account("S4001", "财政补助收入", "appropriation, by level", "credit"),
    Account("S5001", "贴息支出", "subsidy expense", "debit"),
    Account("M9001", "担保责任余额", "exposure", "debit"),
    Account("M9009", "担保责任余额对应", "exposure, contra", "credit"),
    Account("M9011", "已申请未批代偿", "pending claims", "debit"),
    Account("M9019", "已申请未批代偿对应", "pending claims, contra", "credit"),
    Account("M9021", "账销案存", "written-off claims kept", "debit"),
    Account("M9029", "账销案存对应", "written-off claims kept, contra", "credit"),
    Account("M9031", "额度预留", "reserved capacity", "debit"),
    Account("M9039", "额度预留对应", "reserved capacity, contra", "credit"),
)
CHART: Mapping[str, Account] = {account.code: account for account in _ACCOUNTS}
CAPITAL: Mapping[Level, str] = {
    "city": "G3001",
    "county": "G3002",
    "incentive": "G3003",
    "province": "G3004",
    "central": "G3005",
}
"""Where the money of a fiscal level is kept as capital."""
OF_LEVELS = frozenset({"S1101", "S2101", "S4001"})
"""Accounts that each fiscal level has one of."""
