"""From the request to the contract, typed at the command line; and every reason why not."""
# ruff: noqa: F401, F811 - fixtures are imported by their names

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest

from api.command_line.app import run
from tests import conftest
from tests.api.test_command_line import (
    BAD_INPUT,
    CLEAN,
    OUTSIDE,
    REFUSED,
    Home,
    Said,
    Say,
    database_of,
    home,
    keys_beside,
    say,
    undisturbed,
)
from tests.conftest import scratch
from tests.papers import pdf

HR = "hr_officer:liu@human_resources/370811"
GUARANTOR = "guarantor_officer:sun@jining_guarantee/370811"
BANK = "bank_officer:zhou@rural_commercial/370811"
APPROVER = "approver:chen@human_resources/370811"
ID_NUMBER = "379999199001012112"
FORM = {
    "case_no": "A-1",
    "kind": "individual",
    "applicant": {"name": "张三", "id_number": ID_NUMBER, "phone": "13905370001"},
    "spouse": {"name": "李四", "id_number": "37999919920303212X"},
    "product": "zheng_yin_dan",
    "group": "returning_migrant",
    "amount": "200000.00",
    "months": 24,
    "channel": "outlet",
    "outlet": "jining-rcb-017",
    "bank": "rural_commercial",
    "guarantor": "jining_guarantee",
    "county": "370811",
    "township": "370811001",
}


class Clerk:
    """Types commands at one ledger; `folder` is where the papers lie."""

    def __init__(self, say: Say, home: Home, folder: Path) -> None:
        self.say, self.home, self.folder = say, home, folder

    def __call__(self, *arguments: str, by: str | None = None) -> Said:
        actor = ("--as", by) if by else ()
        return self.say(*self.home.options, "--json", *actor, *arguments)

    def done(self, *arguments: str, by: str | None = None) -> dict[str, Any]:
        said = self(*arguments, by=by)
        assert said.status == CLEAN, said.out
        return said.document

    def paper(self, name: str, content: bytes | str) -> str:
        file = self.folder / name
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        return str(file)

    def form(self, **more: Any) -> str:
        return self.paper("form.json", json.dumps(FORM | more))

    def accepted(
        self,
        brought: Sequence[str] = ("form", "identity"),
        business: Sequence[str] = ("status=in_business",),
        **more: Any,
    ) -> None:
        """Submitted with its documents, the figures entered by hand; `business` is what the market regulator knows."""
        asked = {**FORM, **more}
        self.done("application", "submit", self.form(**more), "--on", "2025-03-03")
        self.completed(asked["case_no"], brought, business, married=asked["spouse"] is not None)

    def completed(
        self,
        case: str,
        brought: Sequence[str] = ("form", "identity"),
        business: Sequence[str] = ("status=in_business",),
        *,
        married: bool = False,
    ) -> None:
        day = ("--on", "2025-03-03")
        for kind in brought:
            paper = self.paper(f"{kind}.pdf", pdf(kind))
            digest = self.done("application", "add", case, kind, paper, *day)["digest"]
        read = ("--from", digest, "--reason", "not connected")
        for source, figures in (
            ("market_regulator", business),
            ("civil_affairs", ("marital=married" if married else "marital=single",)),
            ("credit_registry", ("overdue=no",)),
        ):
            self.done("application", "enter", case, source, *figures, *read, *day)
        if married:
            self.done("application", "enter", case, "credit_registry", "overdue=no", "--spouse", *read, *day)
        self.done("application", "accept", case, *day)


@pytest.fixture(scope="module")
def office(server: str, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """Where the policy is published and the fund has its capital: what every test begins with, made once and copied."""
    with scratch(server, template) as dsn, pytest.MonkeyPatch.context() as environment:
        for name in OUTSIDE:
            environment.delenv(name, raising=False)
        environment.setenv("DATABASE_URL", dsn)
        data = tmp_path_factory.mktemp("office") / "data"
        fund = "jining_guarantee_fund"
        capital = ("5000000.00", "--bank", "rural_commercial", "--reference", "C-1", "--on", "2024-01-02")
        for command in (
            ("policy", "publish"),
            ("fund", "open", fund, "--title", "担保基金", "--run-by", "jining_hr", "--on", "2024-01-02"),
            ("fund", "inject", fund, *capital),
        ):
            assert run(["--data", str(data), *command]) == CLEAN
        yield Home(data, dsn)
        conftest._drop(server, keys_beside(dsn))


@pytest.fixture
def clerk(say: Say, server: str, office: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Clerk]:
    assert office.dsn
    with scratch(server, database_of(office.dsn)) as dsn:
        monkeypatch.setenv("DATABASE_URL", dsn)
        conftest._create(server, keys_beside(dsn), keys_beside(office.dsn))
        copytree(office.data, tmp_path / "data")
        yield Clerk(say, Home(tmp_path / "data", dsn), tmp_path)
        conftest._drop(server, keys_beside(dsn))


def test_a_person_applies_is_reviewed_by_three_institutions_approved_and_sees_why(clerk: Clerk) -> None:
    clerk.accepted()
    day = ("--on", "2025-03-04")
    wang = clerk.paper("wang.json", json.dumps({"name": "王五", "id_number": "37999919850505213X"}))
    clerk.done("application", "counter-guarantee", "A-1", "civil_servant", "--person", wang, *day, by=GUARANTOR)
    clerk.done("application", "review", "A-1", "credit", "--margin-bp", "50", *day, by=BANK)
    clerk.done("application", "review", "A-1", "guarantee", *day, by=GUARANTOR)
    assert clerk.done("application", "show", "A-1")["waits_for"] == ["eligibility"]
    reviewed = clerk.done("application", "review", "A-1", "eligibility", *day, by=HR)
    assert reviewed["reviews"] == {"eligibility": "passed", "guarantee": "passed", "credit": "passed"}
    approved = clerk.done("application", "approve", "A-1", "--on", "2025-03-05", by=APPROVER)
    assert (approved["status"], approved["waits_for"]) == ("approved", ["contract"])
    assert {finding["rule"] for finding in approved["findings"]} >= {"limit.kind", "rate.cap", "age.retirement"}
    assert all(finding["holds"] and finding["en"] and finding["zh"] for finding in approved["findings"])
    clerk.done("application", "sign", "A-1", "JN-1", "--on", "2025-03-10", by=BANK)
    (line,) = clerk.done("query", "application_register", "--where", "case_no=A-1")["rows"]
    assert (line["status"], line["decided_on"], line["working_days"]) == ("approved", "2025-03-05", 2)
    (loan,) = clerk.done("query", "loan_book", "--where", "loan_no=JN-1")["rows"]
    assert (loan["approved"], loan["guaranteed"], loan["status"]) == ("200000.00", "140000.00", "contracted")
    topics = [event["topic"] for event in clerk.done("replay", "application/A-1")["events"]]
    told = ["approved", "capacity_reserved", "contracted", "capacity_released"]
    assert topics[-4:] == [f"application.{what}" for what in told]


def test_show_tells_what_is_missing_by_when_and_why_it_was_refused(clerk: Clerk) -> None:
    clerk.done("application", "submit", clerk.form(), "--on", "2025-03-03")
    everything = ["form", "identity", "market_regulator", "civil_affairs", "credit_registry", "credit_registry:spouse"]
    assert clerk.done("application", "show", "A-1")["missing"] == everything
    clerk.completed("A-1", married=True)
    shown = clerk.done("application", "show", "A-1")
    assert (shown["due_on"], "missing" in shown) == ("2025-03-24", False)
    due = {"eligibility": "2025-03-12", "guarantee": "2025-03-06", "credit": "2025-03-10"}
    assert shown["reviews_due"] == due
    day = ("--on", "2025-03-04")
    clerk.done("application", "counter-guarantee", "A-1", "mortgage", "--value", "300000.00", *day, by=GUARANTOR)
    clerk.done("application", "review", "A-1", "guarantee", *day, by=GUARANTOR)
    note = ("--reject", "--note", "经营场所不存在")
    clerk.done("application", "review", "A-1", "credit", "--margin-bp", "60", *note, *day, by=BANK)
    (stands,) = clerk.done("application", "show", "A-1")["counter_guarantees"]
    assert (stands["form"], stands["value"], stands["person"]) == ("mortgage", "300000.00", None)
    topics = [event["topic"] for event in clerk.done("replay", "application/A-1")["events"]]
    assert topics[stands["version"] - 1] == "application.counter_guarantee_registered"
    clerk.done("application", "reject", "A-1", "--reason", "不符合条件", "--on", "2025-03-05", by=APPROVER)
    document = clerk.done("application", "show", "A-1")
    assert document["reason"] == "不符合条件; 经营场所不存在" and document["notes"] == {"credit": "经营场所不存在"}
    assert (document["notify_by"], document["due_on"]) == ("2025-03-12", None)
    capped = next(one for one in document["findings"] if one["rule"] == "rate.cap")
    assert capped["confidence"] == "assumed" and "75号" in capped["source"] and "75号" in capped["document"]
    in_chinese = clerk.say(*clerk.home.options, "--lang", "zh", "application", "show", "A-1").out
    for words in ("不予通过：LPR+60基点", "暂定，待确认", "告知期限", "2025-03-12", "经营场所不存在", "text of 75号"):
        assert words in in_chinese
    in_english = clerk.say(*clerk.home.options, "--lang", "en", "application", "show", "A-1").out
    assert "assumed, to be confirmed" in in_english and "applicant told by" in in_english


def test_what_is_asked_of_the_applicant_stops_the_clock_and_is_shown(clerk: Clerk) -> None:
    clerk.accepted()
    asked = clerk.done(
        "application", "ask", "A-1", "licence", "--on", "2025-03-05", by=HR.replace("hr_officer", "clerk")
    )
    assert (asked["asked_for"], asked["due_on"], "reviews_due" in asked) == (["licence"], None, False)
    licence = clerk.paper("licence.pdf", pdf("licence"))
    clerk.done("application", "add", "A-1", "licence", licence, "--on", "2025-03-10")
    corrected = clerk.done("application", "corrected", "A-1", "--on", "2025-03-10")
    assert (corrected["asked_for"], corrected["due_on"]) == ([], "2025-03-27")
    due = {"eligibility": "2025-03-17", "guarantee": "2025-03-11", "credit": "2025-03-13"}
    assert corrected["reviews_due"] == due


def test_a_document_is_of_a_kind_that_is_known_and_whole(clerk: Clerk) -> None:
    clerk.accepted()
    day = ("--on", "2025-03-05")
    said = clerk("application", "add", "A-1", "novel", clerk.paper("n.pdf", pdf("novel")), *day)
    assert (said.status, said.error["field"]) == (BAD_INPUT, "kind")
    assert "group_proof" in said.error["message"]["en"]
    said = clerk("application", "add", "A-1", "tax", clerk.paper("t.pdf", b"%PDF-"), *day)
    assert said.error["code"] == "material.refused"
    clerk.done("application", "ask", "A-1", "lease", *day)
    clerk.done("application", "add", "A-1", "lease", clerk.paper("l.pdf", pdf("lease")), *day)


def test_the_fund_that_stands_behind_it_may_be_named(clerk: Clerk) -> None:
    clerk.accepted()
    day = ("--on", "2025-03-04")
    clerk.done("application", "counter-guarantee", "A-1", "mortgage", "--value", "200000.00", *day, by=GUARANTOR)
    clerk.done("application", "review", "A-1", "credit", "--margin-bp", "50", *day, by=BANK)
    clerk.done("application", "review", "A-1", "guarantee", *day, by=GUARANTOR)
    clerk.done("application", "review", "A-1", "eligibility", *day, by=HR)
    nowhere = clerk("application", "approve", "A-1", "--fund", "wenshang", "--on", "2025-03-05", by=APPROVER)
    assert nowhere.error["code"] == "fund.unknown"
    opened = ("--title", "汶上县担保基金", "--run-by", "wenshang_hr", "--on", "2024-01-02")
    clerk.done("fund", "open", "wenshang", *opened)
    capital = ("100000.00", "--bank", "rural_commercial", "--reference", "C-2", "--on", "2024-01-02")
    clerk.done("fund", "inject", "wenshang", *capital)
    clerk.done("application", "approve", "A-1", "--fund", "wenshang", "--on", "2025-03-05", by=APPROVER)
    clerk.done("application", "sign", "A-1", "JN-1", "--on", "2025-03-10", by=BANK)
    signed = clerk.done("replay", "loan/JN-1")["events"][0]["body"]
    assert signed["share_scheme"]["parties"][0]["institution"] == "wenshang"


def test_what_is_refused_is_told_in_chinese_and_the_household_s_case_by_its_number(clerk: Clerk) -> None:
    clerk.done("application", "submit", clerk.form(), "--on", "2025-03-03")
    again = clerk("application", "submit", clerk.form(case_no="A-2"), "--on", "2025-03-03")
    assert again.error["message"]["zh"] == "该家庭成员（A-1）已有在办申请；请先办结"
    for more, zh in (
        ({"product": "moon"}, "product：'moon' 不是贷款包；应为以下之一：plain"),
        ({"months": 0}, "months：应大于 0；应为该字段允许的内容"),
        ({"channel": "pigeon"}, "channel：应为 'hall', 'outlet' or 'online' 之一；应为该字段允许的内容"),
    ):
        said = clerk("application", "submit", clerk.form(case_no="A-2", **more), "--on", "2025-03-03")
        assert said.error["message"]["zh"].startswith(zh)


def test_a_waiver_is_shown_with_its_rule(clerk: Clerk) -> None:
    clerk.accepted(product="credit")
    shown = clerk.done("application", "waive", "A-1", "--rating", "AA", "--on", "2025-03-04", by=GUARANTOR)
    assert shown["waived"] and shown["findings"][0]["rule"] == "counter_guarantee.waived"


def test_conditions_are_said_recorded_and_known_at_signing(clerk: Clerk) -> None:
    clerk.accepted()
    day = ("--on", "2025-03-04")
    clerk.done("application", "counter-guarantee", "A-1", "mortgage", "--value", "200000.00", *day, by=GUARANTOR)
    asked = ("--condition", "每季报送经营情况", "--condition", "a statement every quarter")
    credit = clerk.done("application", "review", "A-1", "credit", "--margin-bp", "50", *asked, *day, by=BANK)
    assert credit["conditions"] == ["每季报送经营情况", "a statement every quarter"]
    clerk.done("application", "review", "A-1", "guarantee", "--condition", "按时续租", *day, by=GUARANTOR)
    clerk.done("application", "review", "A-1", "eligibility", *day, by=HR)
    provided = ("--condition", "the licence is renewed")
    clerk.done("application", "approve", "A-1", *provided, "--on", "2025-03-05", by=APPROVER)
    signed = clerk.done("application", "sign", "A-1", "JN-1", "--on", "2025-03-10", by=BANK)
    known = ["每季报送经营情况", "a statement every quarter", "按时续租", "the licence is renewed"]
    assert sorted(signed["conditions"]) == sorted(known)
    replayed = clerk.done("replay", "application/A-1")
    said = {event["topic"]: event["body"].get("conditions") for event in replayed["events"]}
    assert said["application.credit_reviewed"] == known[:2]
    assert said["application.guarantee_reviewed"] == known[2:3]
    assert said["application.approved"] == replayed["state"]["conditions"] == signed["conditions"]
    before = clerk.done("replay", "application/A-1", "--as-of", "2025-03-04")["state"]["conditions"]
    assert before == known[:3]


@pytest.mark.parametrize("condition", ["", "two\nlines", "x" * 501])
def test_a_condition_is_one_line_in_words(clerk: Clerk, condition: str) -> None:
    clerk.accepted()
    said = clerk("application", "review", "A-1", "eligibility", "--condition", condition, "--on", "2025-03-04", by=HR)
    assert (said.status, said.error["field"]) == (BAD_INPUT, "conditions.0")


def test_a_refusal_is_told_in_both_languages_with_figures_edition_and_article(clerk: Clerk) -> None:
    clerk.accepted(product="plain", amount="350000.00")
    said = clerk("application", "review", "A-1", "eligibility", "--on", "2025-03-04", by=HR)
    assert said.document["reviews"] == {"eligibility": "rejected"}
    (against,) = [finding for finding in said.document["findings"] if not finding["holds"]]
    assert against["en"].startswith("refused: 350,000.00 exceeds the limit 300,000.00 of ")
    assert against["en"].endswith(
        "edition jining_2024 (财金〔2023〕75号; 山东省创业担保贷款实施办法（2023年12月修订）), rule R-LIM-1"
    )
    assert "350,000.00" in against["zh"] and "jining_2024" in against["zh"]
    rejected = clerk.done("application", "reject", "A-1", "--on", "2025-03-05", by=APPROVER)
    assert rejected["status"] == "rejected"


@pytest.mark.parametrize(
    ("more", "field", "remedy"),
    [
        ({"amount": "200000.001"}, "amount", "300000.00"),
        ({"amount": "１００"}, "amount", "300000.00"),
        ({"amount": "-1"}, "amount", "0.00"),
        ({"amount": "0"}, "amount", "more than 0.00"),
        ({"amount": "-0.00"}, "amount", "more than 0.00"),
        ({"amount": "9" * 20}, "amount", "300000.00"),
        ({"amount": 200000}, "amount", ""),
        ({"amount_fen": 20_000_000}, "amount_fen", "amount"),
        ({"value_date": "2025-03-03"}, "value_date", "--on"),
        ({"spouse": {"name": "李四", "id_number": "12"}}, "spouse.id_number", ""),
        ({"spouse": {"name": "李\n四", "id_number": ID_NUMBER}}, "spouse.name", ""),
        ({"partners": [FORM["spouse"], {"name": "王五", "id_number": "12"}]}, "partners.1.id_number", ""),
        ({"enterprise": {"credit_code": "9137", "staff": -1, "hired": 0}}, "enterprise.staff", ""),
        ({"months": 0}, "months", ""),
        ({"months": 10**9}, "months", ""),
        ({"product": "moonshot"}, "product", "zheng_yin_dan"),
        ({"group": "nobility"}, "group", "returning_migrant"),
        ({"channel": "pigeon"}, "channel", ""),
        ({"outlet": None}, "outlet", "took it in"),
        ({"kind": "partnership"}, "partners", "every other partner"),
        ({"kind": "small_enterprise"}, "enterprise", "states"),
        ({"case_no": "a/b"}, "case_no", ""),
        ({"applicant": {"name": "张三"}}, "applicant.id_number", ""),
        ({"applicant": {"name": "张三", "id_number": "12"}}, "applicant.id_number", ""),
        ({"color": "red"}, "color", ""),
    ],
)
def test_absurd_requests_name_the_field_and_record_nothing_of_it(
    clerk: Clerk, more: dict[str, Any], field: str, remedy: str
) -> None:
    before = clerk.done("query", "audit_trail", "--group-by", "topic")
    said = clerk("application", "submit", clerk.form(**more), "--on", "2025-03-03")
    assert (said.status, said.error["field"]) == (BAD_INPUT, field)
    assert remedy in said.error["message"]["en"]
    assert ID_NUMBER not in said.out + said.err
    assert clerk.done("query", "audit_trail", "--group-by", "topic") == before


def test_nobody_is_registered_by_what_is_refused_and_everybody_with_what_is_recorded(clerk: Clerk) -> None:
    def recorded() -> list[str]:
        return [row["topic"] for row in clerk.done("query", "audit_trail")["rows"]][before:]

    before = len(clerk.done("query", "audit_trail")["rows"])
    submit = ("application", "submit", clerk.form(), "--on")
    assert clerk(*submit, "2025-03-03", by="boss:x").error["code"] == "actor.not_permitted"
    assert clerk(*submit, "2001-03-03").status == REFUSED
    assert clerk(*submit, "2999-03-03").status == REFUSED
    assert recorded() == []
    clerk.accepted()
    assert sorted(recorded()[:3]) == ["application.submitted", "borrower.registered", "borrower.registered"]
    before += len(recorded())
    wang = clerk.paper("wang.json", json.dumps({"name": "王五", "id_number": "37999919850505213X"}))
    stand = ("application", "counter-guarantee", "A-1", "employee", "--person", wang, "--on", "2025-03-04")
    assert clerk(*stand, by=BANK).error["code"] == "actor.not_permitted"
    assert clerk(*stand, "--member", by=GUARANTOR).error["field"] == "member"
    assert recorded() == []
    clerk.done(*stand, by=GUARANTOR)
    assert sorted(recorded()) == ["application.counter_guarantee_registered", "borrower.registered"]


@pytest.mark.parametrize(
    ("command", "option"),
    [
        (("review", "A-1", "credit", "--margin-bp", "50"), "--most"),
        (("counter-guarantee", "A-1", "mortgage"), "--value"),
        (("approve", "A-1"), "--amount"),
    ],
)
def test_an_amount_of_nothing_names_the_option(clerk: Clerk, command: tuple[str, ...], option: str) -> None:
    said = clerk("application", *command, option, "0.00")
    assert (said.status, said.error["field"]) == (BAD_INPUT, option)


@pytest.mark.parametrize("text", ["", "[]", "{", '"form"', "{" * 5000, "\x00"])
def test_a_form_that_is_none_is_explained(clerk: Clerk, text: str) -> None:
    said = clerk("application", "submit", clerk.paper("form.json", text))
    assert (said.status, said.error["field"]) == (BAD_INPUT, "form")


def test_commands_out_of_turn_are_refused_with_what_to_do(clerk: Clerk) -> None:
    def refused(code: str, *arguments: str, by: str | None = None) -> None:
        said = clerk("application", *arguments, by=by)
        assert (said.status, said.error["code"]) == (REFUSED, code)

    refused("application.unknown", "accept", "A-1")
    refused("partner.unknown", "submit", clerk.form(partner_no="P-9"), "--on", "2025-03-03")
    refused("project.unknown", "submit", clerk.form(project_no="X-9"), "--on", "2025-03-03")
    clerk.done("application", "submit", clerk.form(), "--on", "2025-03-03")
    refused("application.exists", "submit", clerk.form(), "--on", "2025-03-03")
    refused("application.household_has_one", "submit", clerk.form(case_no="A-2"), "--on", "2025-03-03")
    refused("application.materials_missing", "accept", "A-1", "--on", "2025-03-03")
    refused("application.not_in_review", "review", "A-1", "credit", "--margin-bp", "50", by=BANK)
    refused("application.not_approved", "sign", "A-1", "JN-1", by=BANK)
    refused("actor.not_permitted", "review", "A-1", "credit", "--margin-bp", "50", by=HR)
    refused("actor.not_permitted", "approve", "A-1", by=BANK)
    refused("application.before_last_step", "withdraw", "A-1", "--on", "2025-03-02")
    refused("value_date.in_future", "withdraw", "A-1", "--on", "2999-01-01")


def test_without_a_published_policy_nobody_can_apply_and_is_told_what_to_do(
    say: Say, home: Home, tmp_path: Path
) -> None:
    typing = Clerk(say, home, tmp_path)
    said = typing("application", "submit", typing.form(), "--on", "2025-03-03")
    assert (said.status, said.error["code"]) == (REFUSED, "policy.no_edition")
    assert "policy publish" in said.error["message"]["en"]


def test_a_source_in_a_folder_answers_and_a_missing_one_is_recorded(
    clerk: Clerk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = tmp_path / "answers"
    (answers / "civil_affairs").mkdir(parents=True)
    (answers / "civil_affairs" / f"{ID_NUMBER}.json").write_text(
        json.dumps({"id_number": ID_NUMBER, "marital": "single"})
    )
    monkeypatch.setenv("OUTSIDE_SYSTEMS", str(answers))
    clerk.done("application", "submit", clerk.form(), "--on", "2025-03-03")
    day = ("--on", "2025-03-03")
    signed = clerk.done("application", "add", "A-1", "consent", clerk.paper("c.pdf", pdf("consent")), *day)["digest"]
    for source in ("civil_affairs", "credit_registry"):
        clerk.done("application", "consent", "A-1", source, signed, "--until", "2099-12-31", *day)
        clerk.done("application", "fetch", "A-1", source, *day)
    said = {event["topic"]: event["body"] for event in clerk.done("replay", "application/A-1")["events"]}
    assert said["application.data_fetched"]["figures"] == {"marital": "single"}
    assert said["application.data_not_fetched"]["problem"] == "unreachable"


def test_nobodys_name_and_number_stand_in_the_log(clerk: Clerk) -> None:
    clerk.accepted()
    told = clerk("replay", "application/A-1").out + clerk("query", "audit_trail").out
    for secret in (ID_NUMBER, "张三", "李四", "13905370001"):
        assert secret not in told


def test_it_is_said_about_whom_of_the_form(clerk: Clerk) -> None:
    clerk.done("application", "submit", clerk.form(), "--on", "2025-03-03")
    day = ("--on", "2025-03-03")
    signed = clerk.done("application", "add", "A-1", "consent", clerk.paper("c.pdf", pdf("consent")), *day)["digest"]
    registry = ("A-1", "credit_registry")
    clerk.done("application", "consent", *registry, signed, "--until", "2099-12-31", "--spouse", *day)
    said = clerk("application", "fetch", *registry, *day)
    assert (said.status, said.error["code"]) == (REFUSED, "application.consent_missing")
    clerk.done("application", "fetch", *registry, "--spouse", *day)
    read = ("--from", signed, "--reason", "not connected")
    clerk.done("application", "enter", *registry, "overdue=no", "--spouse", *read, *day)
    bodies = {event["topic"]: event["body"] for event in clerk.done("replay", "application/A-1")["events"]}
    spouse = bodies["application.submitted"]["spouse"]
    told = ("consent_given", "data_not_fetched", "data_entered")
    assert {bodies[f"application.{fact}"]["person"] for fact in told} == {spouse}
    for option, expected in ((("--partner", "1"), "--partner"), (("--partner", "1", "--spouse"), "--partner")):
        said = clerk("application", "enter", *registry, "overdue=no", *option, *read, *day)
        assert (said.status, said.error["field"]) == (BAD_INPUT, expected)
    said = clerk("application", "enter", *registry, "loans=…", *read, *day)
    assert (said.status, said.error["field"]) == (BAD_INPUT, "figures.loans")


@pytest.mark.parametrize(
    "born", ["", "1990-01-01", "1990-01-01:man", "x:1990-01-01:male", "1990-02-30:male", "0:1990-01-01:male"]
)
def test_a_birthday_that_is_none_is_explained(clerk: Clerk, born: str) -> None:
    said = clerk("application", "review", "A-1", "eligibility", "--born", born, by=HR)
    assert (said.status, said.error["field"]) == (BAD_INPUT, "--born")


def test_whose_papers_say_no_birthday_shows_it(clerk: Clerk) -> None:
    paperless = {"name": "陈大文", "id_number": "H12345678"}
    clerk.accepted(applicant=paperless, group="hk_mo_tw_youth")
    said = clerk.done(
        "application", "review", "A-1", "eligibility", "--born", "1990-01-01:male", "--on", "2025-03-04", by=HR
    )
    assert said["reviews"] == {"eligibility": "passed"}
