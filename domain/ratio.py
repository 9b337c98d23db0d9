"""Risk sharing 风险分担: who bears which part of a loss, as whole-number weights that a loan pins when it is signed."""

from __future__ import annotations

from functools import cached_property

from pydantic import Field, model_validator

from domain.frozen import Frozen
from domain.money import Fen, shared


class Backer(Frozen):
    """Who stands behind a party 再担保: an institution, and how many percent of the party's share it bears towards the party."""

    institution: str
    percent: int = Field(ge=0)


class PartyShare(Frozen):
    """One party of a scheme: `party` is its part in it (fund, bank, guarantor), `institution` who that is, `behind` who bears a part of its share in turn.

    The party answers for the whole of its share; what those behind it owe is between them and the party.
    """

    party: str
    institution: str | None = None
    weight: int = Field(ge=0)
    behind: tuple[Backer, ...] = ()

    def borne_behind(self, fen: Fen) -> dict[str, Fen]:
        """What those behind bear of so much of the party's, in fen; the rest is its own."""
        percents = [backer.percent for backer in self.behind]
        own = 100 - sum(percents)
        parts = shared(fen, [*percents, own], range(len(percents) + 1)) if percents else []
        return {backer.institution: part for backer, part in zip(self.behind, parts, strict=False)}


class PartyAmount(Frozen):
    """What falls to one party, in fen; negative where a division is taken back."""

    party: str
    fen: Fen


class ShareScheme(Frozen):
    """A risk-sharing scheme such as 政银担 9/30/61.

    `tie_order` names every party once: who gets a leftover fen first when remainders are equal. `route` says who pays
    the bank: `each_pays_bank`, or `guarantor_advances` (the guarantor pays the fund's share too and is refunded).
    """

    name: str
    parties: tuple[PartyShare, ...] = Field(min_length=1)
    tie_order: tuple[str, ...]
    route: str = "each_pays_bank"

    @model_validator(mode="after")
    def _is_whole(self) -> ShareScheme:
        names = [share.party for share in self.parties]
        if len(set(names)) != len(names) or sorted(names) != sorted(self.tie_order):
            raise ValueError("tie_order must name every party exactly once")
        if not sum(share.weight for share in self.parties):
            raise ValueError("at least one party must bear something")
        return self

    def parts(self, fen: Fen) -> list[Fen]:
        """Each party's part of `fen`, in the order of `parties`; the parts sum to it exactly."""
        return shared(fen, *self._division)

    def divide(self, fen: Fen) -> tuple[PartyAmount, ...]:
        """Each party's part of `fen`, by name."""
        parts = zip(self.parties, self.parts(fen), strict=True)
        return tuple(PartyAmount(party=share.party, fen=part) for share, part in parts)

    def divide_further(self, already: Fen, fen: Fen) -> tuple[PartyAmount, ...]:
        """Each party's part of a further `fen` when `already` was divided before: share(after) − share(before)."""
        steps = zip(self.parties, self.parts(already), self.parts(already + fen), strict=True)
        return tuple(PartyAmount(party=share.party, fen=after - before) for share, before, after in steps)

    @property
    def fund(self) -> str | None:
        """The guarantee fund that bears something in it, if one does."""
        return next((p.institution for p in self.parties if p.party == "fund" and p.weight), None)

    def part(self, party: str, fen: Fen) -> Fen:
        """What `party` bears of `fen`; nothing if it is not in the scheme."""
        parts = zip(self.parties, self.parts(fen), strict=True)
        return sum(part for share, part in parts if share.party == party)

    @cached_property
    def _division(self) -> tuple[list[int], list[int]]:
        names = [share.party for share in self.parties]
        return [share.weight for share in self.parties], [names.index(party) for party in self.tie_order]


def zheng_yin_dan(fund: str, bank: str, guarantor: str) -> ShareScheme:
    """政银担: fund 9 %, bank 30 %, guarantee company 61 % (Jining; R-FUND-7); ties bank, guarantor, fund (assumed)."""
    return ShareScheme(
        name="zheng_yin_dan_9_30_61",
        parties=(
            PartyShare(party="fund", institution=fund, weight=9),
            PartyShare(party="bank", institution=bank, weight=30),
            PartyShare(party="guarantor", institution=guarantor, weight=61),
        ),
        tie_order=("bank", "guarantor", "fund"),
    )
