"""ID numbers of the tests: of a place that is none, with the check digit that their other digits ask for (GB 11643)."""

from __future__ import annotations

PLACE = "379999"


def id_number(born: str, order: int) -> str:
    """Of somebody born on a day (`19900101`); whose order number is odd is a man."""
    return checked(f"{PLACE}{born}{order:03d}")


def checked(digits: str) -> str:
    """Seventeen digits and their check digit."""
    total = sum(int(digit) * (2 ** (17 - place) % 11) for place, digit in enumerate(digits))
    return digits + "10X98765432"[total % 11]
