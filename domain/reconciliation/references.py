"""Payment references 付款附言码: how a payment says what it is for, with check digits that no swapped or mistyped digit survives."""

from __future__ import annotations

import re

LONGEST = 21
"""Letters and digits that a creditor reference (ISO 11649) has room for behind `RF` and its check digits."""

MOST = 50
"""References that are read out of one text."""

_SHAPED = re.compile(r"(?<![A-Z0-9])RF(?: ?[0-9]){2}(?: ?[A-Z0-9]){1,21}(?![A-Z0-9])", re.ASCII)
_NUMBERED = re.compile(
    r"(?<![A-Z0-9-])(?=[A-Z0-9-]{6,35}(?![A-Z0-9-]))(?=[0-9-]*[A-Z])(?=[A-Z-]*[0-9])[A-Z0-9]+(?:-[A-Z0-9]+)+",
    re.ASCII,
)
_ID_CARD = r"[1-9][0-9]{5}(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])[0-9]{3}[0-9X]"
_PERSONAL = re.compile(rf"{_ID_CARD}|1[3-9][0-9]{{9}}|[A-Z]{{1,2}}[0-9]{{7,9}}", re.ASCII)
"""What an ID card, a mobile phone or a passport is numbered like."""


def payment_reference(number: str) -> str | None:
    """The creditor reference (ISO 11649) of a loan or claim: `RF`, two check digits by ISO 7064 MOD 97-10, its letters and digits.

    None where the number has none of either, or more than fit.
    """
    bare = compared(number)
    if not 1 <= len(bare) <= LONGEST:
        return None
    return f"RF{98 - _remainder(bare + 'RF00'):02d}{bare}"


def is_whole(reference: str) -> bool:
    """Whether a creditor reference's check digits come out."""
    bare = compared(reference)
    return len(bare) > 4 and bare[:2] == "RF" and _remainder(bare[4:] + bare[:4]) == 1


def compared(reference: str) -> str:
    """What of a reference counts: ASCII letters, as capitals, and digits."""
    return "".join(sign for sign in reference.upper() if sign.isascii() and sign.isalnum())


def plain_number(number: str) -> str:
    """What of a bank's own number counts: one format pads it with zeros where another does not."""
    bare = compared(number)
    return bare.lstrip("0") or bare


def references_in(text: str) -> tuple[str, ...]:
    """What a text names, in its order: creditor references, and numbers made of parts with hyphens such as JN-2025-0001.

    Anything else is left where it stands: a text may say names, telephones and cards, which no fact keeps. Of more than MOST the first.
    """
    text = text.upper()
    found = [shaped(match[0]) for match in _SHAPED.finditer(text)] + _NUMBERED.findall(text)
    return tuple(dict.fromkeys(found))[:MOST]


def shaped(reference: str) -> str:
    return reference.replace(" ", "")


def is_personal(reference: str) -> bool:
    """Whether a number is written like a person's: ID card, mobile phone, passport."""
    return _PERSONAL.fullmatch(compared(reference)) is not None


def _remainder(bare: str) -> int:
    """MOD 97 of the number that letters (A is 10) and digits make."""
    return int("".join(str(int(sign, 36)) for sign in bare)) % 97
