"""A finding 审查结论: one rule, the figures that it looked at, and whether it holds; said in words in two languages."""

from __future__ import annotations

from typing import Literal, TypeAlias

from domain.errors import Language
from domain.frozen import Frozen
from domain.policy.sentences import said

Confidence: TypeAlias = Literal["H", "M", "mem", "assumed"]
"""How sure a rule's text is: seen on a government page, on a secondary one, from memory, or assumed and to be confirmed by the city."""


class Finding(Frozen):
    """What one rule of one edition said of the figures it was shown.

    `rule` is a stable code; `figures` are texts (amounts in yuan with two places, days as ISO dates, counts as digits).
    """

    rule: str
    holds: bool
    figures: dict[str, str]
    edition: str
    article: str
    source: str
    confidence: Confidence

    def say(self, language: Language) -> str:
        """The finding in words: `refused: 350,000.00 exceeds the limit 300,000.00 of 乡村贷, edition …, article …`."""
        words = said(self.rule, self.holds, self.figures, language)
        if language == "zh":
            return f"{'符合' if self.holds else '不予通过'}：{words}（{self.edition} 版，{self.article}）"
        return f"{'holds' if self.holds else 'refused'}: {words}, edition {self.edition}, article {self.article}"
