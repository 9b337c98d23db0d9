"""A finding 审查结论: one rule, the figures that it looked at, and whether it holds; said in words in two languages."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal, TypeAlias

from domain.errors import Language
from domain.frozen import Frozen
from domain.policy.sentences import said

Confidence: TypeAlias = Literal["H", "M", "mem", "assumed"]
"""How sure a rule's text is: seen on a government page, on a secondary one, from memory, or assumed and to be confirmed by the city."""


class Finding(Frozen):
    """What one rule of one edition said of the figures it was shown.

    `rule` is a stable code; `figures` are texts (amounts in yuan with two places, days as ISO dates, counts as digits), in English
    another one where there is one of the name with `_en`; `article` is the rule's number where no article is known, `document` what the
    edition puts into force.
    """

    rule: str
    holds: bool
    figures: dict[str, str]
    edition: str
    article: str
    source: str
    confidence: Confidence
    document: str | None = None

    def say(self, language: Language) -> str:
        """The finding in words: `refused: 350,000.00 exceeds the limit 300,000.00 of …, edition … (its document), rule …`.

        A refusal says where its rule is not sure.
        """
        words = said(self.rule, self.holds, self.figures, language)
        unsure = "" if self.holds else _UNSURE[self.confidence][language == "zh"]
        numbered = _NUMBER.fullmatch(self.article)
        if language == "zh":
            document = f"，{self.document}" if self.document else ""
            where = f"{self.edition} 版{document}，{'规则' if numbered else '条款'} {self.article}"
            return f"{'符合' if self.holds else '不予通过'}：{words}（{where}{unsure}）"
        document = f" ({self.document})" if self.document else ""
        where = f"edition {self.edition}{document}, {'rule' if numbered else 'article'} {self.article}"
        return f"{'holds' if self.holds else 'refused'}: {words}, {where}{unsure}"


_NUMBER = re.compile(r"R-[A-Z]+-[0-9]+")
"""A rule's number in the collection of rules stands where no article of a document is known."""

_UNSURE: Mapping[Confidence, tuple[str, str]] = {
    "H": ("", ""),
    "M": ("", ""),
    "mem": (", from memory until the city confirms it", "，凭记忆录入，待市级核实"),
    "assumed": (", assumed until the city confirms it", "，暂定规则，待市级确认"),
}
