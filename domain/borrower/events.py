"""The facts of a borrower; everything that says who it is is sealed under the person's own key."""

from __future__ import annotations

from domain.facts import OpeningFact
from domain.personal_data import Sealed


class BorrowerRegistered(OpeningFact):
    """借款人登记."""

    TOPIC = "borrower.registered"
    originator_topic = "borrower"  # type: ignore[misc]  # one for all openings, where the library keeps a field

    name: Sealed
    id_number: Sealed
    phone: Sealed | None = None
