"""A project lands, gives work, and ends; jobs as reported and as verified stand apart."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.actor import LOCAL_OPERATOR
from domain.errors import DatedInFuture, InvalidInput, Refusal, SamePerson
from domain.rural_partner import refusals
from domain.rural_partner.project import PartnerProject
from domain.rural_partner.standing import STEPS
from tests.domain.lending import NOW, refuses, signed, told_by
from tests.domain.partnering import CLERK, LANDED, QUALIFIED, VERIFIER, landed, registered

ROSTER, OTHER_ROSTER = "a" * 64, "b" * 64
MARCH, JUNE = date(2025, 3, 31), date(2025, 6, 30)
TOMORROW = NOW.today + timedelta(days=1)


def report(project: PartnerProject, jobs: int, day: date) -> None:
    project.report_jobs(NOW, jobs=jobs, actor=CLERK, value_date=day)


def verify(project: PartnerProject, jobs: int, day: date, *evidence: str) -> None:
    project.verify_jobs(NOW, jobs=jobs, evidence=evidence or (ROSTER,), actor=VERIFIER, value_date=day)


def test_a_life_from_registration_to_the_end() -> None:
    project = registered("P-1", "P-2")
    project.land(NOW, value_date=LANDED)
    report(project, 12, MARCH)
    verify(project, 9, MARCH)
    project.suspend(NOW, reason="flood", value_date=date(2025, 4, 1))
    project.resume(NOW, value_date=date(2025, 5, 1))
    project.part(NOW, partner_no="P-1", value_date=date(2025, 5, 2))
    project.join(NOW, partner_no="P-3", value_date=date(2025, 5, 3))
    project.link_loan(NOW, loan=signed(), partner_no="P-1", value_date=date(2025, 5, 4))
    project.end(NOW, reason="harvested", value_date=JUNE)
    assert [topic for topic, _ in told_by(project)] == [
        "project.landed",
        "project.jobs_reported",
        "project.jobs_verified",
        "project.suspended",
        "project.resumed",
        "project.partner_parted",
        "project.partner_joined",
        "project.loan_linked",
        "project.ended",
    ]
    assert project.state() == {
        "project_no": "X-1",
        "title": "泗水贡桃示范园",
        "county": "370831",
        "status": "ended",
        "partners": ["P-2", "P-3"],
        "jobs_reported": 12,
        "jobs_verified": 9,
        "loans": ["JN-1"],
    }
    assert project.state(LANDED) == {
        **project.state(),
        "status": "landed",
        "partners": ["P-1", "P-2"],
        "jobs_reported": 0,
        "jobs_verified": 0,
        "loans": [],
    }
    assert project.scopes() == ("county:370831",)


@pytest.mark.parametrize(
    ("on", "status"),
    [
        (QUALIFIED - timedelta(days=1), None),
        (QUALIFIED, "registered"),
        (LANDED, "landed"),
        (date(2025, 4, 1), "suspended"),
        (date(2025, 5, 1), "landed"),
        (JUNE - timedelta(days=1), "landed"),
        (JUNE, "ended"),
    ],
)
def test_where_its_last_step_left_it(on: date, status: str | None) -> None:
    project = landed()
    project.suspend(NOW, reason="flood", value_date=date(2025, 4, 1))
    project.resume(NOW, value_date=date(2025, 5, 1))
    project.end(NOW, reason="over", value_date=JUNE)
    assert project.status(on) == status


ACTS: dict[str, Callable[[PartnerProject], None]] = {
    "land": lambda p: p.land(NOW, value_date=JUNE),
    "suspend": lambda p: p.suspend(NOW, reason="r", value_date=JUNE),
    "resume": lambda p: p.resume(NOW, value_date=JUNE),
    "end": lambda p: p.end(NOW, reason="r", value_date=JUNE),
}
BROUGHT_TO: dict[str, tuple[str, ...]] = {
    "registered": (),
    "landed": ("land",),
    "suspended": ("land", "suspend"),
    "ended": ("end",),
}
ALLOWED = {
    "registered": {"land", "end"},
    "landed": {"suspend", "end"},
    "suspended": {"resume", "end"},
    "ended": set[str](),
}


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("status", BROUGHT_TO)
def test_every_step_has_its_place(status: str, act: str) -> None:
    project = registered()
    for step in BROUGHT_TO[status]:
        ACTS[step](project)
    project.collect_events()
    assert project.status() == status
    if act in ALLOWED[status]:
        ACTS[act](project)
        assert len(told_by(project)) == 1
    else:
        refuses(project, refusals.StepOutOfOrder, lambda: ACTS[act](project))


@pytest.mark.parametrize(
    ("refusal", "act"),
    [
        (refusals.ProjectStepTooEarly, lambda p: p.suspend(NOW, reason="r", value_date=LANDED - timedelta(days=1))),
        (DatedInFuture, lambda p: p.suspend(NOW, reason="r", value_date=TOMORROW)),
        (InvalidInput, lambda p: p.suspend(NOW, reason=" ", value_date=JUNE)),
        (InvalidInput, lambda p: p.end(NOW, reason="", value_date=JUNE)),
        (refusals.NotLanded, lambda p: report(p, 1, LANDED - timedelta(days=1))),
        (DatedInFuture, lambda p: report(p, 1, TOMORROW)),
        (refusals.NothingReported, lambda p: verify(p, 0, MARCH)),
        (refusals.TakesPartAlready, lambda p: p.join(NOW, partner_no="P-1", value_date=JUNE)),
        (refusals.TakesNoPart, lambda p: p.part(NOW, partner_no="P-9", value_date=JUNE)),
        (refusals.ProjectStepTooEarly, lambda p: p.join(NOW, partner_no="P-9", value_date=date(2024, 1, 31))),
        (refusals.TakesNoPart, lambda p: p.link_loan(NOW, loan=signed(), partner_no="P-9", value_date=JUNE)),
    ],
)
def test_what_a_landed_project_refuses(refusal: type[Refusal], act: Callable[[PartnerProject], Any]) -> None:
    project = landed()
    refuses(project, refusal, lambda: act(project))


# Jobs.


def test_jobs_reported_and_verified_stand_apart_on_every_day() -> None:
    project = landed()
    report(project, 12, MARCH)
    verify(project, 9, date(2025, 4, 15))
    report(project, 20, JUNE)
    figures = [
        (project.jobs_reported(day), project.jobs_verified(day))
        for day in (LANDED, MARCH, date(2025, 4, 15), JUNE, None)
    ]
    assert figures == [(0, 0), (12, 0), (12, 9), (20, 9), (20, 9)]


def test_a_late_report_has_its_own_day_and_does_not_displace_a_later_one() -> None:
    project = landed()
    report(project, 20, JUNE)
    report(project, 12, MARCH)
    assert (project.jobs_reported(), project.jobs_reported(MARCH)) == (20, 12)


def test_of_two_reports_of_a_day_the_later_one_counts() -> None:
    project = landed()
    report(project, 20, MARCH)
    report(project, 18, MARCH)
    assert project.jobs_reported() == 18


def test_a_verification_says_which_report_it_looked_at() -> None:
    project = landed()
    report(project, 12, MARCH)
    report(project, 20, JUNE)
    verify(project, 12, JUNE - timedelta(days=1), ROSTER, OTHER_ROSTER)
    fact = list(project.pending_events)[-1]
    assert (fact.reported, fact.report_version, fact.verifier) == (12, 3, "hr-1")  # type: ignore[attr-defined]
    assert fact.evidence == (ROSTER, OTHER_ROSTER)  # type: ignore[attr-defined]


@pytest.mark.parametrize(("jobs", "allowed"), [(0, True), (12, True), (13, False)])
def test_no_more_is_verified_than_was_reported(jobs: int, allowed: bool) -> None:
    project = landed()
    report(project, 12, MARCH)
    project.collect_events()
    if allowed:
        verify(project, jobs, JUNE)
        assert project.jobs_verified() == jobs
    else:
        refuses(project, refusals.MoreThanReported, lambda: verify(project, jobs, JUNE))


def test_whoever_reported_does_not_verify() -> None:
    project = landed()
    report(project, 12, MARCH)
    project.collect_events()
    refuses(
        project,
        SamePerson,
        lambda: project.verify_jobs(NOW, jobs=12, evidence=[ROSTER], actor=CLERK, value_date=JUNE),
    )
    project.verify_jobs(NOW, jobs=12, evidence=[ROSTER], actor=LOCAL_OPERATOR, value_date=JUNE)


def test_jobs_are_verified_by_documents() -> None:
    project = landed()
    report(project, 12, MARCH)
    project.collect_events()
    refuses(
        project,
        refusals.EvidenceMissing,
        lambda: project.verify_jobs(NOW, jobs=12, evidence=(), actor=VERIFIER, value_date=JUNE),
    )


def test_a_project_that_is_over_takes_late_reports_and_no_later_ones() -> None:
    project = landed()
    project.end(NOW, reason="over", value_date=JUNE)
    report(project, 7, JUNE)
    verify(project, 7, JUNE)
    project.collect_events()
    after = JUNE + timedelta(days=1)
    refuses(project, refusals.ProjectOver, lambda: report(project, 7, after))
    refuses(project, refusals.ProjectOver, lambda: verify(project, 7, after))
    refuses(project, refusals.ProjectOver, lambda: project.join(NOW, partner_no="P-2", value_date=after))


# Partners.


def test_a_project_may_lose_its_last_partner_and_stands() -> None:
    project = landed()
    project.part(NOW, partner_no="P-1", value_date=JUNE)
    assert (project.partners(), project.status()) == ((), "landed")
    assert project.partners(JUNE - timedelta(days=1)) == ("P-1",)


def test_a_loan_of_a_partner_who_has_parted_is_still_linked() -> None:
    project = landed()
    project.part(NOW, partner_no="P-1", value_date=MARCH)
    project.link_loan(NOW, loan=signed(), partner_no="P-1", value_date=JUNE)
    assert project.state()["loans"] == ["JN-1"]


def test_a_partner_may_come_back() -> None:
    project = landed("P-1", "P-2")
    project.part(NOW, partner_no="P-1", value_date=MARCH)
    project.collect_events()
    refuses(
        project,
        refusals.ProjectStepTooEarly,
        lambda: project.join(NOW, partner_no="P-1", value_date=MARCH - timedelta(days=1)),
    )
    project.join(NOW, partner_no="P-1", value_date=JUNE)
    assert (project.partners(MARCH), project.partners()) == (("P-2",), ("P-2", "P-1"))


@pytest.mark.parametrize("partners", [(), ("P-1", "P-1")])
def test_a_project_names_its_partners_each_once(partners: tuple[str, ...]) -> None:
    with pytest.raises(InvalidInput):
        PartnerProject.register(
            NOW, project_no="X-2", partners=partners, value_date=LANDED, title="t", industry="i", county="c"
        )


def test_every_step_is_told_by_somebody() -> None:
    assert {kind.TOPIC for kind in STEPS} == {f"project.{step}" for step in ("landed", "suspended", "resumed", "ended")}


@given(
    reports=st.lists(st.tuples(st.integers(0, 50), st.integers(0, 300), st.booleans()), max_size=12),
    asked=st.integers(0, 320),
)
def test_verified_jobs_never_exceed_the_report_they_confirm(reports: list[tuple[int, int, bool]], asked: int) -> None:
    project = landed()
    said, proved = list[tuple[int, int]](), list[tuple[int, int]]()
    for jobs, days, proves in reports:
        day = LANDED + timedelta(days=days)
        if not proves:
            report(project, jobs, day)
            said.append((days, jobs))
            continue
        last = _last(said, days)
        try:
            verify(project, jobs, day)
        except Refusal:
            assert last is None or jobs > last
        else:
            assert last is not None and jobs <= last
            proved.append((days, jobs))
    on = LANDED + timedelta(days=asked)
    assert project.jobs_reported(on) == (_last(said, asked) or 0)
    assert project.jobs_verified(on) == (_last(proved, asked) or 0)


def _last(said: list[tuple[int, int]], by: int) -> int | None:
    """The figure of the latest day by then; of one day the one that was said last."""
    dated = [(days, place, jobs) for place, (days, jobs) in enumerate(said) if days <= by]
    return max(dated)[2] if dated else None
