"""A policy edition 政策版本: every number, date and list of the scheme as data, each with its source and how sure it is."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import Field, model_validator

from domain.errors import BadInput, Refusal
from domain.frozen import Frozen
from domain.policy.pin import PolicyPin
from domain.policy.reading import read_rules
from domain.policy.rules import (
    KINDS,
    Age,
    Arrears,
    Code,
    CounterGuarantee,
    Dates,
    Day,
    Group,
    HireRatio,
    Kind,
    Limit,
    Materials,
    Name,
    OtherLoans,
    Package,
    RateCap,
    Repeats,
    Rule,
    Scheme,
    Subsidy,
    TimeLimits,
)


class EditionUnreadable(BadInput):
    code = "policy.unreadable"
    en = "{field}: {key}: {problem}; see the shipped editions for an example"
    zh = "{field}：{key}：{problem}；请参照随附的政策版本"


class NotOffered(Refusal):
    """A package that an earlier or later edition offers."""

    code = "policy.not_offered"
    en = "{field}: edition {edition} offers no {package}; it offers: {known}"
    zh = "{field}：政策版本 {edition} 不提供 {package}；可选：{known}"


class Edition(Frozen):
    """One city's rules from a day on. `text` is the TOML that it was read from; its digest is what decisions pin."""

    text: str = Field(repr=False)
    edition: Code
    city: Name
    title: Name
    document: Name
    effective_from: Day
    effective_to: Day | None = None
    dates: Dates
    groups: Annotated[tuple[Group, ...], Field(min_length=1)]
    limits: dict[Kind, Limit]
    repeats: Repeats
    age: Age
    other_loans: OtherLoans
    rate_cap: RateCap
    arrears: Arrears | None = None
    """Left out, as in editions of before there was any: +50 % and +100 %, compound (R-INT-7)."""
    subsidy: Subsidy
    hire_ratios: Annotated[tuple[HireRatio, ...], Field(min_length=1)]
    packages: Annotated[tuple[Package, ...], Field(min_length=1)]
    schemes: Annotated[tuple[Scheme, ...], Field(min_length=1)]
    materials: Annotated[tuple[Materials, ...], Field(min_length=1)]
    clock: TimeLimits
    counter_guarantee: CounterGuarantee

    @model_validator(mode="after")
    def _fits_together(self) -> Edition:
        if self.effective_to is not None and self.effective_to < self.effective_from:
            raise ValueError("effective_to is before effective_from")
        if missing := [kind for kind in KINDS if kind not in self.limits]:
            raise ValueError(f"limits has none for {', '.join(missing)}")
        for name in ("groups", "packages", "schemes"):
            codes = [entry.code for entry in getattr(self, name)]
            if len(set(codes)) != len(codes):
                raise ValueError(f"{name} has a code twice")
        if len({ratio.above for ratio in self.hire_ratios}) != len(self.hire_ratios):
            raise ValueError("hire_ratios names the same staff twice; give each above once")
        if all(ratio.above for ratio in self.hire_ratios):
            raise ValueError("hire_ratios has none from the first member of staff on; give one with above = 0")
        for package in self.packages:
            if package.scheme not in {scheme.code for scheme in self.schemes}:
                raise ValueError(f"package {package.code} names the unknown scheme {package.scheme}")
        for waiver in self.counter_guarantee.waivers:
            if strange := sorted(set(waiver.groups) - set(self.group_codes)):
                raise ValueError(f"a waiver names the unknown group {strange[0]}")
        if missing := [kind for kind in KINDS if all(kind not in m.kinds for m in self.materials)]:
            raise ValueError(f"materials has none for {', '.join(missing)}")
        return self

    @property
    def pin(self) -> PolicyPin:
        return PolicyPin(edition=self.edition, digest=hashlib.sha256(self.text.encode()).hexdigest())

    @property
    def package_codes(self) -> tuple[str, ...]:
        return tuple(package.code for package in self.packages)

    @property
    def group_codes(self) -> tuple[str, ...]:
        return tuple(group.code for group in self.groups)

    def package(self, code: str) -> Package:
        """Raises NotOffered."""
        found = next((package for package in self.packages if package.code == code), None)
        if found is None:
            known = ", ".join(self.package_codes)
            raise NotOffered(field="product", edition=self.edition, package=ascii(code[:60]), known=known)
        return found

    def scheme_of(self, package: str) -> Scheme:
        """Raises NotOffered."""
        wanted = self.package(package).scheme
        return next(scheme for scheme in self.schemes if scheme.code == wanted)

    def materials_for(self, kind: Kind) -> Materials:
        return next(materials for materials in self.materials if kind in materials.kinds)

    @property
    def material_codes(self) -> tuple[str, ...]:
        """Every material that it knows, of whatever kind of borrower."""
        known = (m.code for rule in self.materials for m in (*rule.required, *rule.also))
        return tuple(dict.fromkeys(known))

    def rules(self) -> Iterator[tuple[str, Rule]]:
        """Every rule with its place in the text."""
        yield from _rules_in("", self)


def read_edition(text: str, *, field: str = "file") -> Edition:
    """An edition from its TOML. Raises EditionUnreadable, which names the key, the rule and what to do."""
    return read_rules(Edition, text, EditionUnreadable, field=field, whole="the edition")


def _rules_in(place: str, value: Any) -> Iterator[tuple[str, Rule]]:
    if isinstance(value, Rule):
        yield place, value
    if isinstance(value, Frozen):
        for name in type(value).model_fields:
            yield from _rules_in(f"{place}.{name}".lstrip("."), getattr(value, name))
    elif isinstance(value, dict):
        for key, held in value.items():
            yield from _rules_in(f"{place}.{key}", held)
    elif isinstance(value, tuple):
        for number, held in enumerate(value):
            yield from _rules_in(f"{place}.{getattr(held, 'code', number)}", held)
