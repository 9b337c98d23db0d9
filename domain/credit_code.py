"""The unified social credit code 统一社会信用代码 of an enterprise (GB 32100): public, 18 places, the last one a check digit."""

from __future__ import annotations

import re
from uuid import NAMESPACE_URL, UUID, uuid5

PLACES = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_CODE = re.compile(rf"[0-9A-HJ-NPQRTUWXY]{{2}}[0-9]{{6}}[{PLACES}]{{10}}")


def check_digit(first: str) -> str:
    """The eighteenth place, from the seventeen before it."""
    return PLACES[-sum(PLACES.index(place) * 3**at for at, place in enumerate(first)) % 31]


def credit_code(text: str) -> str:
    """The code itself. Raises ValueError, which does not repeat it: what is no code may be anything."""
    if not _CODE.fullmatch(text):
        raise ValueError("credit_code has to be 18 digits and capitals, without I, O, S, V and Z")
    if check_digit(text[:17]) != text[17]:
        raise ValueError("the last place of credit_code does not fit the others; read it again")
    return text


def enterprise_id(code: str) -> UUID:
    """The enterprise as a member of a household's applications: of it, too, only so many may be open."""
    return uuid5(NAMESPACE_URL, f"loan-ledger:/enterprises/{code}")
