"""The whole book of the demonstration 演示台账: policy and fund, the loans' lives, applications in vain, partners."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import replace
from functools import partial
from typing import TypeVar

from api.demo.answering import Answering
from api.demo.applications import Applicants
from api.demo.asking import as_asked, asked_by
from api.demo.funds import ensure_fund
from api.demo.partners import introduce, play_partners
from api.demo.playing import CHANNEL, Player
from api.demo.scene import Life, lives
from api.demo.ways import applied_in_vain, play_in_vain
from domain.actor import LOCAL_OPERATOR, Actor
from domain.facts import Moment
from domain.rural_partner.partner import RURAL_LOAN
from ledger.closing import CloseDay, close_day
from ledger.context import CommandContext
from ledger.desk import Desk
from ledger.publishing import publish_policy, shipped

BATCH = 5
"""Lives a transaction: about 0.2 s, for so long other writers wait."""

T = TypeVar("T")


def prepare(desk: Desk, moment: Moment) -> None:
    """What is there before the first loan: policies in force and the fund's capital."""
    publish_policy(desk.ledger, shipped(), CommandContext(LOCAL_OPERATOR, moment, channel=CHANNEL))
    ensure_fund(desk.ledger, moment, CHANNEL)


def play_loans(
    desk: Desk,
    moment: Moment,
    numbers: range,
    seed: int,
    *,
    done: Callable[[int], object] = lambda _: None,
    together: bool = True,
) -> list[Life]:
    """The loans of those numbers, up to today, as they were lived; `done` hears how many more are recorded.

    They are saved in batches, or each command by itself; the facts are the same.
    """
    player, applicants = Player(desk.ledger, desk.keystore, moment), _applicants(desk, moment)
    played = list[Life]()
    for batch in _batches(list(zip(numbers, lives(len(numbers), seed, numbers.start), strict=True))):
        with desk.ledger.together() if together else nullcontext():
            played += [_play_one(player, applicants, life, number, seed) for number, life in batch]
        done(len(batch))
    return played


def play_around(desk: Desk, moment: Moment, played: Sequence[Life], seed: int, first: int) -> None:
    """What surrounds loans: those who applied in vain, and partners; at the end today is closed."""
    applicants = _applicants(desk, moment)
    for batch in _batches(list(enumerate(applied_in_vain(len(played), seed, first)))):
        with desk.ledger.together():
            for number, life in batch:
                play_in_vain(applicants, life, number)
    play_partners(Player(desk.ledger, desk.keystore, moment), played, seed)
    night = Actor(subject="day_close", role="system", institution="office", region="370800")
    close_day(desk, CloseDay(value_date=moment.today), CommandContext(night, moment, channel=CHANNEL))


def _applicants(desk: Desk, moment: Moment) -> Applicants:
    return Applicants(replace(desk, source=Answering()), moment)


def _play_one(player: Player, applicants: Applicants, life: Life, number: int, seed: int) -> Life:
    """The life as it was played: with an application where it begins with one."""
    asked = asked_by(life, number)
    if asked is None:
        player.play(life)
        return life
    life = as_asked(life, asked)
    if asked.product == RURAL_LOAN:
        introduce(player, life, seed)
    player.play(life, partial(applicants.sign, asked))
    return life


def _batches(things: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(things), BATCH):
        yield things[start : start + BATCH]
