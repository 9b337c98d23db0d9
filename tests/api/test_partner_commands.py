"""Partners and projects from the command line: a life from recruitment to verified jobs, and what is said when it cannot be."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from psycopg.conninfo import conninfo_to_dict

import api.cli  # noqa: F401 - the commands register themselves
from api.command_line.app import BAD_INPUT, CLEAN, REFUSED, run
from tests import conftest
from tests.papers import pdf

Answer: TypeAlias = tuple[int, dict[str, Any]]
Say: TypeAlias = Callable[..., Answer]
CLERK, OFFICER = "clerk:c-1@hr/370831", "hr_officer:h-1@hr/370831"
FORM = {
    "partner_no": "P-1",
    "kind": "founding_team",
    "way": "contribute_technology",
    "county": "370831",
    "township": "quanlin",
    "persons": [
        {"name": "李桃", "id_number": "379999198201010010", "phone": "13905370001"},
        {"name": "王杏", "id_number": "379999198502020028"},
    ],
}
PROJECT = {"project_no": "X-1", "title": "泗水贡桃", "industry": "orchard", "county": "370831", "partners": ["P-1"]}


@pytest.fixture
def say(
    database: str,
    server: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[Say]:
    """Runs a command in this process on a database of one's own; gives its status and its document."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", database)
    monkeypatch.delenv("KEYSTORE_URL", raising=False)

    def said(*arguments: str, by: str = CLERK) -> Answer:
        capsys.readouterr()
        status = run(["--data", str(tmp_path / "data"), "--json", "--as", by, *arguments])
        return status, json.loads(capsys.readouterr().out)

    yield said
    conftest._drop(server, f"{conninfo_to_dict(database)['dbname']}_keys")


def written(folder: Path, document: dict[str, Any]) -> str:
    file = folder / "form.json"
    file.write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
    return str(file)


def test_a_life_from_recruitment_to_verified_jobs(say: Say, tmp_path: Path) -> None:
    roster = tmp_path / "roster.pdf"
    roster.write_bytes(pdf("roster"))
    status, partner = say("partner", "recruit", written(tmp_path, FORM), "--on", "2024-01-10")
    assert (status, partner["status"], len(partner["persons"])) == (CLEAN, "recruited", 2)
    assert say("partner", "qualify", "P-1", "--evidence", str(roster), "--on", "2024-03-01", by=OFFICER)[0] == CLEAN
    assert say("project", "register", written(tmp_path, PROJECT), "--on", "2024-03-02")[0] == CLEAN
    for arguments in (
        ("land", "X-1", "--on", "2024-04-01"),
        ("report", "X-1", "12", "--on", "2024-06-30"),
        ("suspend", "X-1", "--reason", "flood", "--on", "2024-07-10"),
        ("resume", "X-1", "--on", "2024-08-01"),
    ):
        assert say("project", *arguments)[0] == CLEAN, arguments
    status, project = say("project", "verify", "X-1", "9", "--evidence", str(roster), "--on", "2024-08-05", by=OFFICER)
    assert (status, project["jobs_reported"], project["jobs_verified"]) == (CLEAN, 12, 9)
    assert say("project", "end", "X-1", "--reason", "harvested", "--on", "2025-01-31")[1]["status"] == "ended"
    assert say("partner", "leave", "P-1", "--reason", "moved", "--on", "2025-02-01")[1]["status"] == "left"
    _, register = say("query", "project_register", "--as-of", "2024-07-31")
    (line,) = register["rows"]
    assert (line["status"], line["jobs_reported"], line["jobs_verified"]) == ("suspended", 12, 0)
    _, replayed = say("replay", "partner/P-1", "--as-of", "2024-12-31")
    assert (replayed["state"]["status"], len(replayed["events"])) == ("qualified", 3)
    assert say("replay", "project/X-1")[1]["state"] == say("project", "show", "X-1")[1]
    kept = [file for file in (tmp_path / "data").rglob("*") if file.is_file() and b"roster" in file.read_bytes()]
    assert kept == [], "documents are kept encrypted"


def test_partners_join_and_part(say: Say, tmp_path: Path) -> None:
    other = {**FORM, "partner_no": "P-2", "persons": [{"name": "赵枣", "id_number": "379999197903030038"}]}
    for form in (FORM, other):
        assert say("partner", "recruit", written(tmp_path, form), "--on", "2024-01-10")[0] == CLEAN
    assert say("project", "register", written(tmp_path, PROJECT), "--on", "2024-03-02")[0] == CLEAN
    assert say("project", "join", "X-1", "P-2", "--on", "2024-04-01")[1]["partners"] == ["P-1", "P-2"]
    assert say("project", "part", "X-1", "P-1", "--on", "2024-05-01")[1]["partners"] == ["P-2"]


@pytest.mark.parametrize(
    ("arguments", "by", "status", "code"),
    [
        (("partner", "show", "P-9"), CLERK, REFUSED, "partner.unknown"),
        (("project", "show", "X-9"), CLERK, REFUSED, "project.unknown"),
        (("partner", "qualify", "P-1"), CLERK, REFUSED, "actor.not_permitted"),
        (("partner", "disqualify", "P-1", "--reason", "r"), OFFICER, REFUSED, "partner.not_qualified"),
        (("partner", "link", "P-1", "L-9"), CLERK, REFUSED, "loan.unknown"),
        (("partner", "qualify", "P-1", "--evidence", "nowhere.pdf"), OFFICER, BAD_INPUT, "material.unreadable"),
        (("partner", "leave", "P-1", "--reason", "r", "--on", "2024-13-01"), CLERK, BAD_INPUT, "input.invalid"),
        (("partner", "leave", "P-1", "--reason", "r", "--on", "2999-01-01"), CLERK, REFUSED, "value_date.in_future"),
        (
            ("partner", "leave", "P-1", "--reason", "r", "--on", "2024-01-09"),
            CLERK,
            REFUSED,
            "partner.before_last_step",
        ),
        (("partner", "recruit", "nowhere.json"), CLERK, BAD_INPUT, "input.unreadable"),
        (("project", "report", "X-1", "-3"), CLERK, BAD_INPUT, "usage"),
        (("project", "report", "X-1", "3"), CLERK, REFUSED, "project.not_landed"),
        (("project", "resume", "X-1"), CLERK, REFUSED, "project.step_out_of_order"),
        (("project", "part", "X-1", "P-9"), CLERK, REFUSED, "project.takes_no_part"),
    ],
)
def test_what_cannot_be_is_said_with_its_code(
    say: Say, tmp_path: Path, arguments: tuple[str, ...], by: str, status: int, code: str
) -> None:
    say("partner", "recruit", written(tmp_path, FORM), "--on", "2024-01-10")
    say("project", "register", written(tmp_path, PROJECT), "--on", "2024-03-02")
    answered, document = say(*arguments, by=by)
    assert (answered, document["error"]["code"]) == (status, code)
    assert document["error"]["message"]["en"]


@pytest.mark.parametrize(
    "wrong", [{"kind": "tourist"}, {"way": None}, {"persons": "李桃"}, {"county": ""}, {"extra": 1}]
)
def test_a_form_that_says_nonsense_is_refused_without_a_name_in_the_answer(
    say: Say, tmp_path: Path, wrong: dict[str, Any]
) -> None:
    status, document = say("partner", "recruit", written(tmp_path, {**FORM, **wrong}))
    assert (status, document["error"]["code"]) == (BAD_INPUT, "input.invalid")
    assert "李桃" not in json.dumps(document, ensure_ascii=False)
