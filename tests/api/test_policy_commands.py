"""Policy at the command line: checked before it is published, compared, shown with its sources, and asked about without an application."""
# ruff: noqa: F401, F811 - fixtures are imported by their names

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from domain import policy as policy_package
from tests.api.test_command_line import BAD_INPUT, CLEAN, REFUSED, Home, Said, Say, home, say, undisturbed
from tests.domain.policies import NOW, text_of

PERSON = {
    "on": "2025-03-03",
    "kind": "individual",
    "product": "plain",
    "group": "veteran",
    "amount": "300000.00",
    "months": 36,
    "born": "1985-05-06",
    "sex": "male",
}
ENTERPRISE = {
    "on": "2025-03-03",
    "kind": "small_enterprise",
    "product": "small_enterprise",
    "amount": "4000000.00",
    "months": 24,
    "staff": 101,
    "hired": 6,
}

Ask: TypeAlias = Callable[..., Said]


@pytest.fixture
def ask(say: Say, home: Home, tmp_path: Path) -> Ask:
    """The pre-check of somebody; a figure that is None is left out."""

    def asked(person: dict[str, Any] = PERSON, **more: Any) -> Said:
        file = tmp_path / "figures.json"
        figures = {name: value for name, value in {**person, **more}.items() if value is not None}
        file.write_text(json.dumps(figures), encoding="utf-8")
        return say(*home.options, "--json", "policy", "precheck", str(file))

    return asked


def write(folder: Path, text: str, name: str = "city.toml") -> str:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return str(file)


# check, publish, diff, show


def test_check_says_how_sure_an_edition_is(say: Say, tmp_path: Path) -> None:
    said = say("--json", "policy", "check", write(tmp_path, text_of()))
    assert said.status == CLEAN
    assert said.document["edition"] == "jining_2024"
    assert said.document["digest"] == NOW.pin.digest
    assert "rate_cap (R-INT-3, assumed)" in said.document["to_confirm"]
    assert "age (R-ELI-4, mem)" in said.document["to_confirm"]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"\xff\xfe\x00", "input.text_unreadable"),
        (b"", "policy.unreadable"),
        (b"edition = 1", "policy.unreadable"),
        (b"[" * 5000, "policy.unreadable"),
    ],
)
def test_check_refuses_what_is_no_edition_and_names_the_file(
    say: Say, tmp_path: Path, content: bytes, code: str
) -> None:
    file = tmp_path / "city.toml"
    file.write_bytes(content)
    said = say("--json", "policy", "check", str(file))
    assert said.status == BAD_INPUT
    assert said.error["code"] == code
    assert "city.toml" in f"{said.error['field']}{said.error['message']['en']}"


def test_a_file_that_is_not_there_is_bad_input(say: Say, home: Home) -> None:
    for command in ("check", "publish"):
        said = say(*home.options, "--json", "policy", command, "nowhere.toml")
        assert said.status == BAD_INPUT
        assert "No such file" in said.error["message"]["en"]


def test_publish_without_a_file_publishes_what_ships_and_again_nothing(say: Say, home: Home) -> None:
    first = say(*home.options, "--json", "policy", "publish")
    again = say(*home.options, "--json", "policy", "publish")
    assert (first.status, again.status) == (CLEAN, CLEAN)
    assert first.document["editions"] == [f"jining_{year}" for year in (2016, 2019, 2020, 2021, 2024)]
    assert first.document["recorded"] > 5
    assert again.document == {"recorded": 0, "editions": first.document["editions"]}


def test_publish_takes_an_edition_quotes_and_a_calendar_together(say: Say, home: Home, tmp_path: Path) -> None:
    files = (
        write(tmp_path, text_of()),
        write(
            tmp_path,
            'quotes = [{ published_on = 2025-06-20, one_year = "3.00", five_year = "3.50" }]',
            "quotes.toml",
        ),
        write(tmp_path, "year = 2027\nholidays = [2027-01-01]\nmake_up = []", "2027.toml"),
    )
    said = say(*home.options, "--json", "policy", "publish", *files)
    assert said.document == {"recorded": 4, "editions": ["jining_2024"]}


def test_a_changed_text_under_the_same_name_is_refused(say: Say, home: Home, tmp_path: Path) -> None:
    say(*home.options, "policy", "publish")
    changed = write(tmp_path, text_of().replace('most = "300000.00"', 'most = "500000.00"', 1))
    said = say(*home.options, "--json", "policy", "publish", changed)
    assert said.status == REFUSED
    assert said.error["code"] == "policy.published_otherwise"
    assert "另行命名" in said.error["message"]["zh"]


def test_only_who_may_publishes(say: Say, home: Home) -> None:
    said = say(*home.options, "--json", "--as", "bank_officer:zhou@bank/370811", "policy", "publish")
    assert (said.status, said.error["code"]) == (REFUSED, "actor.not_permitted")


@pytest.mark.parametrize("published", [False, True])
def test_diff_says_what_changed_between_two_editions(say: Say, home: Home, published: bool) -> None:
    if published:
        say(*home.options, "policy", "publish")
    said = say(*home.options, "--json", "policy", "diff", "jining_2021", "jining_2024")
    changed = {entry["place"]: entry for entry in said.document["differences"]}
    assert changed["limits.individual.most"] == {
        "place": "limits.individual.most",
        "old": "200000.00",
        "new": "300000.00",
        "old_article": "R-LIM-1",
        "new_article": "R-LIM-1",
    }
    assert changed["subsidy.regime"]["new"] == "C"


def test_diff_of_a_published_edition_and_a_draft(say: Say, home: Home, tmp_path: Path) -> None:
    draft = write(tmp_path, text_of().replace("margin_bp = 50", "margin_bp = 30"))
    said = say(*home.options, "--json", "policy", "diff", "jining_2024", draft)
    assert [(entry["place"], entry["old"], entry["new"]) for entry in said.document["differences"]] == [
        ("rate_cap.margin_bp", "50", "30")
    ]


@pytest.mark.parametrize("command", [("show", "jining_1999"), ("diff", "jining_2024", "jining_1999")])
def test_an_unknown_edition_is_refused_with_those_there_are(say: Say, home: Home, command: tuple[str, ...]) -> None:
    said = say(*home.options, "--json", "policy", *command)
    assert (said.status, said.error["code"]) == (REFUSED, "policy.unknown_edition")
    assert "jining_2024" in said.error["message"]["en"]


def test_show_gives_every_rule_with_its_source_and_amounts_in_yuan(say: Say, home: Home) -> None:
    document = say(*home.options, "--json", "policy", "show", "jining_2024").document
    assert document["limits"]["individual"]["most"] == "300000.00"
    assert document["limits"]["individual"]["source"].startswith("75号")
    assert document["counter_guarantee"]["waivers"][0]["most"] == "200000.00"
    assert document["digest"] == NOW.pin.digest
    words = say(*home.options, "policy", "show", "jining_2024")
    assert "R-FUND-7" in words.out and "assumed" in words.out


# precheck


def test_whom_every_rule_likes_is_told_so(ask: Ask) -> None:
    for person in (PERSON, ENTERPRISE):
        said = ask(person)
        assert said.status == CLEAN, said.out
        assert said.document["eligible"] is True
        assert said.document["edition"] == "jining_2024"
        assert all(found["holds"] for found in said.document["findings"])


def test_the_bank_s_rules_and_a_waiver_answer_where_they_are_asked(ask: Ask) -> None:
    """What an application would be told later is told beforehand: the rate, the rating, and that nothing need stand for it."""
    credit = PERSON | {"product": "credit", "rating": "AA"}
    assert ask(credit, margin_bp=50).document["counter_guarantee"]["rule"] == "counter_guarantee.waived"
    said = ask(credit | {"rating": None}, margin_bp=51)
    failed = [found["rule"] for found in said.document["findings"] if not found["holds"]]
    assert (said.document["counter_guarantee"], failed) == (None, ["rate.cap", "package.rating"])
    assert ask(business="cancelled", marital="married").document["eligible"] is False
    assert "partners" in ask(kind="partnership").out


def test_check_reads_quotes_and_calendars_too(say: Say) -> None:
    shipped = Path(policy_package.__file__).parent
    quotes = say("--json", "policy", "check", str(shipped / "editions" / "lpr.toml"))
    assert (quotes.status, quotes.document["first"]) == (CLEAN, "2019-08-20")
    calendar = say("--json", "policy", "check", str(shipped / "calendars" / "2025.toml"))
    assert (calendar.status, list(calendar.document["calendars"])) == (CLEAN, ["2025"])


def test_every_rule_that_fails_is_named_in_both_languages(ask: Ask) -> None:
    said = ask(
        product="rural_partner",
        amount="350000.00",
        months=37,
        group="pensioner",
        loans_so_far=3,
        other_loans=[{"kind": "business", "amount": "1.00", "of": "spouse"}],
    )
    assert said.status == REFUSED
    failed = {found["rule"]: found for found in said.document["findings"] if not found["holds"]}
    assert failed.keys() == {
        "group.listed",
        "package.partner",
        "limit.kind",
        "limit.package",
        "limit.term",
        "repeats.loans",
        "other_loans.allowed",
    }
    assert failed["limit.package"]["en"] == (
        "refused: 350,000.00 exceeds the limit 300,000.00 of the rural partner's loan, edition jining_2024 (财金〔2023〕75号; 山东省创业担保贷款实施办法（2023年12月修订）), rule R-LIM-9"
    )
    assert failed["limit.package"]["zh"].startswith("不予通过：申请金额350,000.00超过乡村贷限额300,000.00")
    assert failed["limit.package"]["source"].startswith("seed")


@pytest.mark.parametrize(
    ("on", "amount", "edition", "eligible"),
    [
        ("2018-05-02", "100000.00", "jining_2016", True),
        ("2018-05-02", "100000.01", "jining_2016", False),
        ("2020-04-14", "200000.00", "jining_2019", False),
        ("2020-04-15", "200000.00", "jining_2020", True),
        ("2023-12-31", "300000.00", "jining_2021", False),
        ("2024-01-01", "300000.00", "jining_2024", True),
    ],
)
def test_the_edition_of_the_day_decides(ask: Ask, on: str, amount: str, edition: str, eligible: bool) -> None:
    said = ask(on=on, amount=amount)
    assert (said.document["edition"], said.document["eligible"]) == (edition, eligible)


def test_another_edition_may_be_named(ask: Ask) -> None:
    assert ask(edition="jining_2021").document["edition"] == "jining_2021"


def test_once_a_city_has_published_only_its_own_editions_count(ask: Ask, say: Say, home: Home, tmp_path: Path) -> None:
    say(*home.options, "policy", "publish", write(tmp_path, text_of()))
    said = ask(on="2020-04-15")
    assert (said.status, said.error["code"]) == (REFUSED, "policy.no_edition")


def test_figures_may_come_by_standard_input(say: Say, home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps(PERSON)))
    assert say(*home.options, "--json", "policy", "precheck", "-").document["eligible"] is True


def test_in_words_every_finding_stands_on_its_line(say: Say, home: Home, tmp_path: Path) -> None:
    file = write(tmp_path, json.dumps(PERSON), "figures.json")
    said = say(*home.options, "--lang", "zh", "policy", "precheck", file)
    assert "符合：申请金额300,000.00未超过个人限额300,000.00" in said.out


def test_a_pre_check_records_nothing(ask: Ask, say: Say, home: Home) -> None:
    ask()
    assert say(*home.options, "--json", "query", "audit_trail").document["rows"] == []


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"amount": None}, "amount"),
        ({"amount": "0.00"}, "amount"),
        ({"amount": "-1.00"}, "amount"),
        ({"amount": "1e5"}, "amount"),
        ({"amount": 300000.0}, "amount"),
        ({"amount": "99999999999999.00"}, "amount"),
        ({"on": None}, "on"),
        ({"on": "2025-02-30"}, "on"),
        ({"kind": "company"}, "kind"),
        ({"product": "gold"}, "product"),
        ({"months": 10**9}, "months"),
        ({"months": -1}, "months"),
        ({"born": None}, "born"),
        ({"sex": None}, "sex"),
        ({"sex": "cadre"}, "sex"),
        ({"partners": -1}, "partners"),
        ({"name": "张三"}, "name"),
        ({"other_loans": [{"kind": "housing", "amount": "1.234"}]}, "other_loans"),
        ({"other_loans": [{"kind": "housing"}]}, "other_loans.0.amount"),
        ({"other_loans": [{"kind": "housing", "amount": "1.00", "of": "aunt"}]}, "other_loans.0.of"),
    ],
)
def test_figures_that_cannot_be_are_bad_input_with_their_field(ask: Ask, more: dict[str, Any], field: str) -> None:
    said = ask(**more)
    assert (said.status, said.error["field"]) == (BAD_INPUT, field)


@pytest.mark.parametrize("born", ["2024-01-01", "2025-03-04", "9999-12-31", "1700-01-01", "0001-01-01"])
def test_absurd_ages_are_not_eligible(ask: Ask, born: str) -> None:
    said = ask(born=born)
    assert said.status == REFUSED
    assert said.document["eligible"] is False


@pytest.mark.parametrize("text", ["", "[]", "{", "null", '"x"', "[" * 100_000])
def test_what_is_no_json_object_is_bad_input(say: Say, home: Home, tmp_path: Path, text: str) -> None:
    said = say(*home.options, "--json", "policy", "precheck", write(tmp_path, text, "figures.json"))
    assert said.status == BAD_INPUT
