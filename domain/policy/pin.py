"""The policy edition 政策版本 that a decision was taken under."""

from __future__ import annotations

from domain.frozen import Frozen


class PolicyPin(Frozen):
    """The policy edition that a loan was signed under, and the digest of its text."""

    edition: str
    digest: str
