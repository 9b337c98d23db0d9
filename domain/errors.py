"""Refusals: one class a rule, a stable code, a sentence in English and in Chinese that says what to do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal

from domain.phrases import in_chinese, listed_in_chinese

Language = Literal["en", "zh"]


class Refusal(Exception):
    """A rule says no. Nothing was recorded.

    `code` is stable and documented; `field` names the input at fault; the two sentences are formatted with the facts that
    the rule looked at.
    """

    code: ClassVar[str] = "refused"
    en: ClassVar[str] = "refused"
    zh: ClassVar[str] = "已拒绝"

    def __init__(self, *, field: str | None = None, **facts: object) -> None:
        self.field = field
        self.facts = facts
        super().__init__(self.message("en"))

    def message(self, language: Language) -> str:
        return (self.zh if language == "zh" else self.en).format(field=self.field, **self.told(language))

    def told(self, language: Language) -> Mapping[str, object]:
        """The facts as the sentence of a language takes them."""
        return self.facts

    def remedy(self, language: Language) -> str:
        """What to do: the part of the sentence after its last semicolon."""
        sentence, semicolon = (self.zh, "；") if language == "zh" else (self.en, "; ")
        return sentence.rpartition(semicolon)[2].format(field=self.field, **self.told(language))


class Phrased:
    """Of a refusal whose sentence takes phrases: in Chinese they are told in Chinese."""

    facts: dict[str, object]

    def told(self, language: Language) -> Mapping[str, object]:
        return {name: _phrase(fact, language) for name, fact in self.facts.items()}


class Coded:
    """Of a refusal whose sentence names things by their codes: in Chinese each is told with its meaning."""

    codes: ClassVar[tuple[str, ...]]
    facts: dict[str, object]

    def told(self, language: Language) -> Mapping[str, object]:
        if language == "en":
            return self.facts
        return self.facts | {name: listed_in_chinese(str(self.facts[name])) for name in self.codes}


def _phrase(fact: object, language: Language) -> object:
    """A phrase, or one that brings both languages along."""
    if isinstance(fact, Mapping):
        return fact[language]
    return in_chinese(fact) if language == "zh" and isinstance(fact, str) else fact


class BadInput(Refusal):
    """What was given cannot be used as it is; bad input, not a broken rule of the scheme."""

    code = "input"


class InvalidInput(Phrased, BadInput):
    """A value that cannot be what its field asks for."""

    code = "input.invalid"
    en = "{field}: {problem}; give {expected}"
    zh = "{field}：{problem}；应为{expected}"


class NotPermitted(Phrased, Refusal):
    code = "actor.not_permitted"
    en = "role {role} may not {action}; ask one of: {allowed}"
    zh = "{role}无权{action}；请由以下角色办理：{allowed}"

    def told(self, language: Language) -> Mapping[str, object]:
        """Roles beside their codes, which is what --as takes."""
        if language == "en":
            return self.facts
        roles = {name: listed_in_chinese(str(self.facts[name])) for name in ("role", "allowed")}
        return {**super().told(language), **roles}


class SamePerson(Refusal):
    """Four eyes 四眼原则: whoever asks may not also confirm."""

    code = "four_eyes.same_person"
    en = "{subject} asked for this and may not confirm it too; a second person has to"
    zh = "{subject} 为发起人，不得自行复核；须由另一人确认"


class DatedInFuture(Refusal):
    """A fact cannot be true later than the day it is recorded on."""

    code = "value_date.in_future"
    en = "value date {value_date} is later than today, {today}; record it when it has happened"
    zh = "业务日期 {value_date} 晚于今日 {today}；请在发生之后登记"
