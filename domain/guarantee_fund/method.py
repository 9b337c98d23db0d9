"""A fund's method 担保基金管理办法: how far it stands, when it stops, what it pays, each rule with its source and how sure it is."""

from __future__ import annotations

import hashlib
from importlib import resources
from typing import Annotated

from pydantic import Field, model_validator

from domain.errors import BadInput
from domain.frozen import Frozen
from domain.policy.pin import PolicyPin
from domain.policy.reading import read_rules
from domain.policy.rules import Code, Count, Days, Material, Name, Rule

Percent = Annotated[Count, Field(le=100)]


class MethodUnreadable(BadInput):
    code = "fund.method_unreadable"
    en = "{field}: {key}: {problem}; see the shipped method for an example (`fund method`)"
    zh = "{field}：{key}：{problem}；请参照随附的管理办法（fund method）"


class Capacity(Rule):
    """放大倍数: the fund's own share of what it guarantees is at most `multiplier` times its base; `warn_percent` of that warns.

    The base is its cash less the claims that are approved and unpaid (R-FUND-5).
    """

    multiplier: Annotated[Count, Field(le=100)]
    warn_percent: Percent


class Drawing(Rule):
    """Days after the signing within which the loan has to be drawn; what is not drawn by then lapses."""

    within_days: Days


class Stop(Rule):
    """暂停: a bank or county whose claims of the last `months` reach `stop_percent` of its loan balance gets no new guarantees,
    until they are below `resume_percent` again."""

    months: Annotated[Count, Field(le=120)]
    warn_percent: Percent
    stop_percent: Percent
    resume_percent: Percent

    @model_validator(mode="after")
    def _in_order(self) -> Stop:
        if not self.warn_percent <= self.resume_percent < self.stop_percent:
            raise ValueError("the percentages must rise: warn_percent, resume_percent, stop_percent")
        return self


class ClaimRule(Rule):
    """代偿条件: a loan more than `overdue_days` overdue; principal, and contract interest if the method covers it; who endorses.

    `package` are the documents that the bank files with a claim.
    """

    overdue_days: Days
    covers_interest: bool
    endorsed_by: Annotated[tuple[Code, ...], Field(min_length=1, max_length=10)]
    package: tuple[Material, ...] = ()


class FundMethod(Frozen):
    """What a fund goes by. `text` is the TOML that it was read from; its digest is what decisions pin."""

    text: str = Field(repr=False)
    method: Code
    title: Name
    document: Name
    capacity: Capacity
    drawing: Drawing
    stop: Stop
    claims: ClaimRule

    @property
    def pin(self) -> PolicyPin:
        return PolicyPin(edition=self.method, digest=hashlib.sha256(self.text.encode()).hexdigest())


def read_method(text: str, *, field: str = "file") -> FundMethod:
    """A method from its TOML. Raises MethodUnreadable, which names the key, the rule and what to do."""
    return read_rules(FundMethod, text, MethodUnreadable, field=field, whole="the method")


def shipped_method() -> str:
    """The text of Jining's, which comes with the program."""
    return resources.files("domain.guarantee_fund").joinpath("methods", "jining.toml").read_text(encoding="utf-8")
