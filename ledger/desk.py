"""The desk 窗口: what an office has at hand when it works on an application."""

from __future__ import annotations

from dataclasses import dataclass

from ledger.keystore import Keystore
from ledger.ledger import Ledger
from ledger.materials import MaterialStore
from ledger.outside import OutsideSource
from ledger.publishing import PolicyBook


@dataclass(frozen=True)
class Desk:
    """The ledger, the policy in force, the persons' keys, the documents, and the outside systems."""

    ledger: Ledger
    book: PolicyBook
    keystore: Keystore
    materials: MaterialStore
    source: OutsideSource
