"""The demonstration's applications run through every path: packages, borrowers, doors, and every way to end without a loan."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import pytest

from api.demo.answering import Answering
from api.demo.applications import Applicants
from api.demo.asking import ASKED, Asked, as_asked, asked_by
from api.demo.funds import ensure_fund
from api.demo.partners import introduce, play_partners
from api.demo.playing import CHANNEL, Player
from api.demo.scene import Life, lives
from api.demo.ways import WAYS, applied_in_vain, play_in_vain
from domain.facts import Moment
from domain.loan_application import events
from domain.loan_application.application import LoanApplication
from domain.policy.shipped import shipped_editions
from domain.rural_partner.partner import RURAL_LOAN
from ledger.context import CommandContext
from ledger.desk import Desk
from ledger.keystore import Keystore
from ledger.ledger import Ledger
from ledger.materials import MaterialStore
from ledger.partnering import partner_of, project_of
from ledger.publishing import PolicyBook, publish_policy, shipped

SEED, LOANS = 1, 300
"""What `demo` plays if nothing is said."""


def applying_lives() -> list[tuple[Asked, Life]]:
    numbered = enumerate(lives(LOANS, SEED, 1), 1)
    return [(asked, life) for number, life in numbered if (asked := asked_by(life, number)) is not None]


@pytest.fixture
def desk(ledger: Ledger, empty_database: str, tmp_path: Path, context: CommandContext) -> Desk:
    publish_policy(ledger, shipped(), context)
    ensure_fund(ledger, context.moment, CHANNEL)
    keystore = Keystore(empty_database, tmp_path / "keys" / "master.key")
    return Desk(ledger, PolicyBook(ledger), keystore, MaterialStore(tmp_path / "materials"), Answering())


def test_by_default_every_kind_of_application_is_played() -> None:
    offered = {code for edition in shipped_editions() for code in edition.package_codes}
    asked = [asked for asked, _ in applying_lives()]
    assert [one for one in ASKED if one not in asked] == []
    assert {one.product for one in asked} == offered
    assert {one.kind for one in asked} == {"individual", "partnership", "small_enterprise"}
    assert {one.channel for one in asked} == {"hall", "outlet", "online"}


def test_every_kind_of_application_becomes_its_loan(desk: Desk, moment: Moment) -> None:
    player, applicants = Player(desk.ledger, desk.keystore, moment), Applicants(desk, moment)
    for asked in ASKED:
        life = next(as_asked(life, asked) for one, life in applying_lives() if one == asked)
        if asked.product == RURAL_LOAN:
            introduce(player, life, SEED)
        player._begin(life, partial(applicants.sign, asked))
        contract, found = desk.ledger.loan(life.loan_no).contract, desk.ledger.application(f"A-{life.loan_no}")
        assert (contract.product, contract.approved_fen) == (asked.product, life.amount)
        assert contract.terms == life.terms, "what was signed is what is repaid"
        assert found.conditions() == asked.conditions
        assert (found.waiver is not None) == (asked.form is None)
        assert len(found.opening.partners) == (asked.kind == "partnership")
        assert [fact.member for fact in found.counter_guarantees if fact.member] == [True] * (asked.product == "family")
        if asked.product == RURAL_LOAN:
            play_partners(player, [life], SEED)
            assert partner_of(desk.ledger, found.opening.partner_no or "").state()["loans"] == [life.loan_no]
            assert project_of(desk.ledger, found.opening.project_no or "").state()["loans"] == [life.loan_no]


def test_every_way_ends_as_it_says(desk: Desk, moment: Moment) -> None:
    applicants = Applicants(desk, moment)
    vain = applied_in_vain(1, SEED, 1)
    assert len(vain) == len(WAYS)
    ended = dict[str, LoanApplication]()
    for number, life in enumerate(vain):
        play_in_vain(applicants, life, number)
        ended[WAYS[number].__name__] = desk.ledger.application(f"A-{life.loan_no}-{number}")
    assert {way: one.status() for way, one in ended.items()} == {
        "_too_dear": "rejected",
        "_withdrawn": "withdrawn",
        "_unused": "expired",
        "_never_corrected": "expired",
        "_open": "in_review",
        "_reviewed_against": "rejected",
        "_resubmitted": "rejected",
        "_released": "withdrawn",
    }
    again = desk.ledger.application(f"{ended['_resubmitted'].case_no}-2")
    assert (again.opening.resubmits, again.has_passed("credit")) == (ended["_resubmitted"].case_no, True)
    assert ended["_reviewed_against"].reviews["guarantee"].note
    assert len(ended["_released"].facts_of(events.CounterGuaranteeRegistered)) == 2
    assert len(ended["_released"].facts_of(events.CounterGuaranteeReleased)) == 2
    _sources_answer_or_are_gone_on_without(list(ended.values()))


def _sources_answer_or_are_gone_on_without(applications: list[LoanApplication]) -> None:
    def facts(kind: type[Any]) -> set[tuple[str, str]]:
        return {(one.case_no, fact.source) for one in applications for fact in one.facts_of(kind)}

    assert facts(events.DataFetched)
    assert facts(events.DataNotFetched)
    assert facts(events.DataNotFetched) <= facts(events.DataEntered)
