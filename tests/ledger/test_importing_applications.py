"""Histories of applications: every row a fact in its case's own order, whole cases or none, and the real bank's own figures."""

from __future__ import annotations

import gzip
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from importlib import resources
from pathlib import Path
from statistics import mean, median
from threading import Barrier
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.actor import Actor
from domain.errors import NotPermitted, Refusal
from domain.loan_application.application import LoanApplication
from domain.loan_application.events import Submitted
from domain.state import state_as_of
from ledger.context import CommandContext
from ledger.importing.applications import ImportedHistories, import_histories
from ledger.importing.cases import LONGEST_CASE
from ledger.importing.history_mapping import load_history_mapping, shipped_histories
from ledger.importing.reading import open_table
from ledger.ledger import Ledger
from ledger.verifying import verify
from projections import log
from projections.engine import Engine
from projections.keeper import connect
from projections.querying import Question, ask, projection
from projections.rebuilding import rebuild
from tests.conftest import DIGEST_KEY, SHARED, as_role
from tests.ledger.writing import NOW, append, said_under

REAL = SHARED / "data" / "applications" / "loan_applications_2012.csv.gz"
HEADER = "case,seq,reg_date,amount_req,activity,transition,resource,timestamp"
COLUMNS = HEADER.split(",")
BEGUN = "2011-10-01T00:38:44.546+02:00"
KEYS = 'case="a"\nsequence="b"\nactivity="c"\noccurred_at="d"\n'
OPENS = '\n[activities]\nX = "submitted"\n'


def row(case: object = 1, seq: object = 0, activity: str = "A_SUBMITTED", **more: str) -> str:
    given = {
        "case": str(case),
        "seq": str(seq),
        "reg_date": BEGUN,
        "amount_req": "20000",
        "activity": activity,
        "transition": "COMPLETE",
        "resource": "112",
        "timestamp": BEGUN,
        **more,
    }
    return ",".join(given[column] for column in COLUMNS)


@dataclass
class Place:
    """A ledger, and a folder for files."""

    dsn: str
    folder: Path

    def take(
        self, rows: Sequence[str], mapping: str = "bpi2012", context: CommandContext | None = None
    ) -> ImportedHistories:
        return self.take_file("\n".join([HEADER, *rows, ""]).encode(), mapping, context)

    def take_file(
        self, content: bytes, mapping: str = "bpi2012", context: CommandContext | None = None
    ) -> ImportedHistories:
        file = self.folder / "applications.csv"
        file.write_bytes(content)
        table = open_table(file, load_history_mapping(mapping))
        table.check()
        with psycopg.connect(as_role(self.dsn, "importer"), autocommit=True) as importer:
            return import_histories(importer, table, context or said_under())

    def rows(self, **question: Any) -> list[dict[str, Any]]:
        asked = projection("application_register")
        with Engine(as_role(self.dsn, "projector"), [asked]) as engine:
            assert engine.catch_up() == {}
        with connect(as_role(self.dsn, "projector")) as reader:
            return ask(reader, asked, Question(**question)).rows

    def length(self) -> int:
        """How many facts there are; every one of them holds."""
        with connect(as_role(self.dsn, "projector")) as reader:
            verdict = verify(log.everything(reader))
        assert verdict.holds, verdict.faults
        return verdict.facts

    def topics(self, case: str) -> list[str]:
        with connect(as_role(self.dsn, "projector")) as reader:
            told = log.stream(reader, LoanApplication.create_id(case))
            assert state_as_of([fact.fact for fact in told])
            return [fact.fact.model_dump().get("activity") or fact.topic for fact in told]


@pytest.fixture
def place(database: str, tmp_path: Path) -> Place:
    return Place(database, tmp_path)


@pytest.fixture(scope="module")
def everything(server: str, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """The real log, taken in once."""
    if not REAL.exists():
        pytest.skip(f"{REAL} is missing")
    from tests import conftest

    name = "loan_ledger_test_histories"
    dsn = conftest._create(server, name, template)
    taken = Place(dsn, tmp_path_factory.mktemp("histories"))
    report = taken.take_file(gzip.decompress(REAL.read_bytes()))
    assert report.document() == {
        "cases": 13_087,
        "events": 60_849,
        "imported": 13_087,
        "unchanged": 0,
        "recorded": 60_849,
        "quarantined": [],
    }
    yield taken
    conftest._drop(server, name)


def by_status(rows: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    return {line["status"]: line["count"] for line in rows}


def test_the_real_log_gives_the_real_figures(everything: Place) -> None:
    found = by_status(everything.rows(group_by=("status",)))
    assert found == {"approved": 2246, "rejected": 7635, "withdrawn": 2807, "in_review": 399}
    assert everything.length() == 60_849


def test_the_real_bank_took_so_many_working_days(everything: Place) -> None:
    days = [line["working_days"] for line in everything.rows(where={"status": "approved"})]
    assert (f"{mean(days):.1f}", median(days)) == ("11.9", 10)


@pytest.mark.parametrize("day", [date(2011, 10, 1), date(2011, 10, 31), date(2011, 12, 31), date(2012, 2, 29)])
def test_any_past_day_gives_what_was_true_then(everything: Place, day: date) -> None:
    """Counted anew from the file: the last step of a case by then, in its sequence, on the day of the row's own offset."""
    meaning = load_history_mapping("bpi2012").activities
    cases: dict[str, str] = {}
    for line in gzip.decompress(REAL.read_bytes()).decode().splitlines()[1:]:
        case, _, _, _, activity, _, _, stamp = line.split(",")
        if stamp[:10] <= day.isoformat():
            said = meaning[activity]
            cases[case] = cases.get(case, "submitted") if said == "noted" else said
    counted: dict[str, int] = {}
    for status in cases.values():
        counted[status] = counted.get(status, 0) + 1
    assert by_status(everything.rows(group_by=("status",), as_of=day)) == counted


def test_the_real_log_a_second_time_changes_nothing_and_rebuilds_the_same(everything: Place) -> None:
    report = everything.take_file(gzip.decompress(REAL.read_bytes()))
    assert (report.imported, report.unchanged, report.recorded) == (0, 13_087, 0)
    with connect(as_role(everything.dsn, "projector")) as reader:
        for name in ("application_register", "application_queue"):
            with Engine(as_role(everything.dsn, "projector"), [projection(name)]) as engine:
                engine.catch_up()
            assert rebuild(reader, projection(name), switch=False).equal is True


def test_order_is_the_sequence_and_never_the_time_or_the_line(place: Place) -> None:
    late = {"timestamp": "2011-10-09T00:00:00+02:00"}
    rows = [row(1, 7, "A_DECLINED"), row(2), row(1, 3, "A_PREACCEPTED", **late), row(1, 0)]
    report = place.take(rows)
    assert (report.cases, report.events, report.imported) == (2, 4, 2)
    assert place.topics("1") == ["application.submitted", "A_PREACCEPTED", "A_DECLINED"]
    assert place.rows(where={"case_no": "1"})[0]["status"] == "rejected"


def test_a_day_is_the_date_in_the_rows_own_offset(place: Place) -> None:
    place.take([row(timestamp="2011-10-01T00:30:00+02:00"), row(2, timestamp="2011-09-30T23:30:00-05:00")])
    assert [line["submitted_on"] for line in place.rows()] == ["2011-10-01", "2011-09-30"]


def test_an_import_that_was_cut_off_is_completed(place: Place) -> None:
    rows = [row(1, 0), row(1, 1, "A_PARTLYSUBMITTED"), row(1, 2, "A_DECLINED")]
    place.take(rows[:2])
    report = place.take(rows)
    assert (report.imported, report.unchanged, report.recorded) == (1, 0, 1)
    assert place.topics("1")[-1] == "A_DECLINED"
    assert place.take(rows[:1]).unchanged == 1


@pytest.mark.parametrize("column", ["amount_req", "reg_date"])
def test_a_case_recorded_otherwise_is_set_aside_and_stays_as_it_was(place: Place, column: str) -> None:
    place.take([row(1)])
    report = place.take([row(1, **{column: "9"}), row(2)])
    assert [(q.row, q.reasons[0].rule) for q in report.quarantined] == [(1, "recorded_differently")]
    assert [line["amount"] for line in place.rows()] == ["20000.00", "20000.00"]


def test_a_mapping_that_keeps_more_finds_what_both_kept_unchanged(place: Place) -> None:
    shipped = (resources.files("ledger.importing") / "histories" / "bpi2012.toml").read_text()
    more = place.folder / "more.toml"
    more.write_text(
        shipped.replace('keep = ["reg_date"]', 'keep = ["reg_date", "transition"]').replace(
            '["transition"]\n\n', "[]\n\n"
        )
    )
    place.take([row(1)])
    assert place.take([row(1)], str(more)).unchanged == 1


def test_a_last_row_without_a_line_end_may_be_cut_off_and_takes_its_case_with_it(place: Place) -> None:
    report = place.take_file("\n".join([HEADER, row(1), row(2), row(2, 1, "A_DECLINED")]).encode())
    assert [(q.row, q.case, q.reasons[0].rule) for q in report.quarantined] == [(3, "2", "file_ends_inside")]
    assert [line["case_no"] for line in place.rows()] == ["1"]


def test_a_case_of_more_steps_than_anybody_takes_is_set_aside(place: Place) -> None:
    def long(case: int, steps: int) -> list[str]:
        return [row(case), *(row(case, step, "A_PARTLYSUBMITTED") for step in range(1, steps))]

    report = place.take([*long(1, LONGEST_CASE), *long(2, LONGEST_CASE + 1)])
    assert [(q.case, q.reasons[0].rule) for q in report.quarantined] == [("2", "too_many_steps")]
    assert place.length() == LONGEST_CASE


def test_what_is_set_aside_is_listed_by_its_rows(place: Place) -> None:
    report = place.take([row(1), row(2), row(2, 1, "A_WHAT"), row(1, 1, "A_WHAT")])
    assert [(q.row, q.case) for q in report.quarantined] == [(3, "2"), (4, "1")]


@pytest.mark.parametrize(
    "later",
    [
        [row(1, 1, "A_PREACCEPTED"), row(1, 2, "A_DECLINED")],  # a step between those that are recorded
        [row(1, 2, "A_APPROVED")],
        [row(1, 2, "A_DECLINED", resource="9")],
        [row(1, 2, "A_DECLINED", timestamp="2011-10-01T00:38:44.547+02:00")],
        [row(1, 3, "A_DECLINED")],
    ],
)
def test_no_step_is_recorded_twice_and_none_is_taken_for_another(place: Place, later: list[str]) -> None:
    place.take([row(1), row(1, 2, "A_DECLINED")])
    report = place.take([row(1), *later])
    assert [(q.row, q.case, q.reasons[0].rule) for q in report.quarantined] == [(2, "1", "recorded_differently")]
    assert (report.imported, report.unchanged, report.recorded) == (0, 0, 0)
    assert place.topics("1") == ["application.submitted", "A_DECLINED"]


def test_an_application_of_our_own_is_no_history(place: Place) -> None:
    place.take([row(1)])
    with Ledger(as_role(place.dsn, "application"), digest_key=DIGEST_KEY) as ledger:
        stream: dict[str, Any] = {
            "originator_id": LoanApplication.create_id("2"),
            "originator_version": 1,
            "timestamp": NOW,
        }
        append(
            ledger,
            [
                Submitted(
                    **stream,
                    value_date=date(2011, 10, 1),
                    case_no="2",
                    amount_fen=2_000_000,
                    source_status="A_SUBMITTED",
                    weekdays_only=True,
                )
            ],
        )
    report = place.take([row(1), row(2), row(2, 1, "A_DECLINED")])
    assert (report.unchanged, report.imported, report.recorded) == (1, 0, 0)
    assert [(q.case, q.reasons[0].rule) for q in report.quarantined] == [("2", "recorded_differently")]


def test_the_same_log_in_another_order_of_rows_changes_nothing(place: Place) -> None:
    rows = [row(1), row(1, 1, "A_PARTLYSUBMITTED"), row(2), row(1, 2, "A_DECLINED")]
    place.take(rows)
    report = place.take(rows[::-1])
    assert (report.imported, report.unchanged, report.recorded) == (0, 2, 0)


def test_of_two_imports_at_once_every_case_is_recorded_once(place: Place) -> None:
    """More cases than a batch holds, so that each importer finds some that the other was faster with."""
    file = place.folder / "both.csv"
    told = [row(case, step, "A_PARTLYSUBMITTED" if step else "A_SUBMITTED") for case in range(900) for step in range(4)]
    file.write_text("\n".join([HEADER, *told, ""]))
    together = Barrier(2)

    def take() -> ImportedHistories:
        table = open_table(file, load_history_mapping("bpi2012"))
        with psycopg.connect(as_role(place.dsn, "importer"), autocommit=True) as importer:
            together.wait(timeout=30)
            return import_histories(importer, table, said_under())

    with ThreadPoolExecutor() as pool:
        reports = [running.result() for running in [pool.submit(take), pool.submit(take)]]
    assert [report.imported + report.unchanged for report in reports] == [900, 900]
    assert sum(report.imported for report in reports) == 900
    assert sum(report.recorded for report in reports) == len(told) == place.length()


@pytest.mark.parametrize(
    ("more", "rule"),
    [
        ({"case": ""}, "not_a_number_of_a_case"),
        ({"case": "a/b"}, "not_a_number_of_a_case"),
        ({"case": "a\u202eb"}, "not_a_number_of_a_case"),
        ({"case": "a\u00a0b"}, "not_a_number_of_a_case"),
        ({"seq": "-1"}, "not_a_sequence_number"),
        ({"seq": "１"}, "not_a_sequence_number"),
        ({"seq": "1.0"}, "not_a_sequence_number"),
        ({"activity": "A_PAID"}, "unknown_activity"),
        ({"activity": "A_DECLINED"}, "not_begun_by_a_submission"),
        ({"timestamp": "2011-10-01"}, "not_a_time_with_offset"),
        ({"timestamp": "2011-10-01T00:00:00"}, "not_a_time_with_offset"),
        ({"timestamp": "2011-02-30T00:00:00+02:00"}, "not_a_time_with_offset"),
        ({"timestamp": "2011-W39-6T00:00:00+02:00"}, "not_a_time_with_offset"),
        ({"timestamp": "2011-10-01T00:00:00.123456789+02:00"}, "not_a_time_with_offset"),
        ({"timestamp": "2011-10-01T00:00:00+23:00"}, "not_a_time_with_offset"),
        ({"timestamp": "0001-01-01T00:00:00+00:00"}, "before_1949"),
        ({"timestamp": "2999-01-01T00:00:00+02:00"}, "in_the_future"),
        ({"amount_req": "1.234"}, "not_an_amount"),
        ({"amount_req": "1e3"}, "not_an_amount"),
        ({"amount_req": "-5"}, "not_an_amount"),
        ({"resource": "a\x07b"}, "control_character"),
    ],
)
def test_a_case_with_a_row_that_is_no_fact_is_set_aside_whole(place: Place, more: dict[str, str], rule: str) -> None:
    report = place.take([row(5), row(5, 1, "A_PARTLYSUBMITTED"), row(**{"case": "6", **more})])
    assert (report.cases, report.imported) == (2, 1)
    assert [(q.row, q.reasons[0].rule) for q in report.quarantined] == [(3, rule)]
    assert [line["case_no"] for line in place.rows()] == ["5"]


def test_a_later_row_that_is_no_fact_takes_its_whole_case_with_it(place: Place) -> None:
    report = place.take([row(1), row(1, 1, "A_WHAT"), row(2), row(2, 0, "A_DECLINED"), row(3), row(3, 1)])
    assert report.imported == 0
    assert [(q.row, q.case, q.reasons[0].rule) for q in report.quarantined] == [
        (2, "1", "unknown_activity"),
        (4, "2", "sequence_repeated"),
        (6, "3", "submitted_again"),
    ]


@pytest.mark.parametrize("broken", ["{},more", "1,2"])
def test_a_row_of_the_wrong_length_takes_the_case_that_it_names_with_it(place: Place, broken: str) -> None:
    """Recorded without its refusal the case would stand open for ever."""
    report = place.take([row(1), row(1, 1, "A_PREACCEPTED"), broken.format(row(1, 2, "A_DECLINED")), row(2)])
    assert [(q.row, q.case, q.reasons[0].rule) for q in report.quarantined] == [(3, "1", "wrong_number_of_cells")]
    assert (report.cases, report.imported) == (2, 1)
    assert [line["case_no"] for line in place.rows()] == ["2"]


@pytest.mark.parametrize(("column", "value"), [("amount_req", "99999"), ("reg_date", "2011-10-02T00:00:00+02:00")])
def test_a_case_is_not_one_thing_in_one_row_and_another_in_the_next(place: Place, column: str, value: str) -> None:
    report = place.take([row(1), row(1, 1, "A_DECLINED", **{column: value})])
    (found,) = report.quarantined
    assert (found.row, found.reasons[0].field, found.reasons[0].rule) == (2, column, "differs_within_case")
    assert place.length() == 0


def test_a_log_may_leave_out_in_later_rows_what_the_first_has_said(place: Place) -> None:
    report = place.take([row(1), row(1, 1, "A_DECLINED", amount_req="", reg_date="")])
    assert (report.imported, report.quarantined) == (1, [])


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"case,seq\n1,2\n",
        (HEADER + ",more\n").encode(),
        (HEADER + ",case\n").encode(),
        (HEADER + "\n" + row() + "\n" + row(2)[:30]).encode(),
        (HEADER + "\n" + row(resource='"unclosed') + "\n").encode(),
        (HEADER + "\n").encode() + b"\xff\xfe\xff\n",
        b"\x1f\x8b\x08\x00broken",
    ],
)
def test_a_file_that_is_not_whole_is_refused_and_nothing_recorded(place: Place, content: bytes) -> None:
    with pytest.raises(Refusal):
        place.take_file(content)
    assert place.length() == 0


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["1", "2", "", "x y", "9" * 70]),
            st.sampled_from(["0", "1", "2", "-1", "x"]),
            st.sampled_from(["A_SUBMITTED", "A_DECLINED", "A_APPROVED", "A_NOTHING"]),
            st.sampled_from([BEGUN, "2011-10-05T00:00:00+00:00", "yesterday", "2999-01-01T00:00:00+00:00"]),
            st.sampled_from(["20000", "", "1.5", "1.555", "NaN"]),
        ),
        max_size=6,
    )
)
def test_whatever_rows_come_every_case_is_recorded_whole_or_named(
    place: Place, rows: list[tuple[str, str, str, str, str]]
) -> None:
    told = [row(c, s, a, timestamp=t, amount_req=m) for c, s, a, t, m in rows]
    report = place.take(told)
    assert report.cases == report.imported + report.unchanged + len(report.quarantined)
    assert report.events == len(told)
    place.length()


def test_only_the_operator_imports(place: Place) -> None:
    clerk = Actor(subject="c", role="clerk", institution="hall", region="370811")
    with pytest.raises(NotPermitted):
        place.take([row()], context=CommandContext(clerk, said_under().moment))


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("case = 1", "case"),
        ('case = "a"', "sequence"),
        ("nonsense", "toml"),
        ('case="a"\nsequence="b"\nactivity="c"\noccurred_at="d"\n[activities]\nX = "celebrated"\n', "activities.X"),
        ('case="a"\nsequence="b"\nactivity="c"\noccurred_at="d"\ncolour="e"\n[activities]\nX = "noted"\n', "colour"),
        (KEYS + 'name="mine"' + OPENS, "name"),
        (KEYS + 'digest="0"' + OPENS, "digest"),
        (KEYS + 'amount="a"' + OPENS, "column a"),
        (KEYS + 'keep=["b"]' + OPENS, "column b"),
        (KEYS + 'keep=["e"]\nignore=["e"]' + OPENS, "column e"),
        (KEYS + 'amount=""' + OPENS, "amount"),
        (KEYS + '[activities]\nX = "noted"\n', "activities"),
    ],
)
def test_a_mapping_that_is_none_names_its_key(tmp_path: Path, text: str, key: str) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(text)
    with pytest.raises(Refusal) as refused:
        load_history_mapping(str(file))
    assert refused.value.field == "mapping"
    assert key in str(refused.value).lower() or key in str(refused.value)


def test_an_unknown_mapping_names_those_that_ship() -> None:
    assert shipped_histories() == ("bpi2012",)
    with pytest.raises(Refusal, match="bpi2012"):
        load_history_mapping("nobody")
