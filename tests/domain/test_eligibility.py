"""Eligibility, as tables: who is whom, how old, for how much, how often; and whatever is asked, every rule answers in both languages."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.policy.edition import NotOffered
from domain.policy.eligibility import (
    Applicant,
    OtherLoan,
    Standing,
    credit_findings,
    eligibility_findings,
    guarantee_findings,
    retires_on,
    waiver_finding,
)
from domain.policy.rules import KINDS, Form
from domain.policy.sentences import SENTENCES, WORDS
from tests.domain.policies import NOW, applicant, edition, enterprise, failing, finding

FEN = 100


def findings_of(asked: Applicant, year: str = "2024") -> set[str]:
    return failing(eligibility_findings(edition(year), asked))


def test_whom_every_rule_likes_is_eligible() -> None:
    assert findings_of(applicant()) == set()
    assert findings_of(enterprise(10, 1)) == set()


# Groups.


@pytest.mark.parametrize("group", [group.code for group in NOW.groups if not (group.within_years or group.asks)])
def test_every_listed_group_is_eligible(group: str) -> None:
    """R-ELI-1, R-ELI-2, R-ELI-3."""
    assert findings_of(applicant(group=group)) == set()


@pytest.mark.parametrize(
    ("year", "group", "listed"),
    [
        ("2024", None, False),
        ("2024", "pensioner", False),
        ("2019", "student", False),
        ("2020", "student", True),
        ("2020", "rural_partner", False),
        ("2021", "rural_partner", True),
    ],
)
def test_a_group_is_eligible_where_its_edition_lists_it(year: str, group: str | None, listed: bool) -> None:
    asked = applicant(group=group, amount_fen=10_000_000)
    assert ("group.listed" in findings_of(asked, year)) is not listed


@pytest.mark.parametrize(
    ("graduated", "holds"),
    [
        (date(2020, 3, 3), True),
        (date(2020, 3, 2), False),
        (date(2025, 3, 3), True),
        (date(2025, 3, 4), False),
        (None, False),
    ],
)
def test_a_graduate_graduated_within_five_years_and_showed_it(graduated: date | None, holds: bool) -> None:
    """R-ELI-1: 毕业5年内高校毕业生."""
    asked = applicant(group="graduate", graduated_on=graduated)
    assert finding("group.graduated", eligibility_findings(NOW, asked)).holds is holds


def test_an_enterprise_is_of_no_group_and_of_no_age() -> None:
    """R-ELI-7 takes their place."""
    rules = {one.rule for one in eligibility_findings(NOW, enterprise(10, 1))}
    assert rules & {"group.listed", "age.least", "age.retirement", "other_loans.allowed"} == set()
    assert {"hire.ratio", "hire.wages"} <= rules


# Age (R-ELI-4, domain.md §5.18).


@pytest.mark.parametrize(
    ("born", "holds"),
    [(date(2009, 3, 3), True), (date(2009, 3, 4), False), (date(2030, 1, 1), False), (date(2008, 2, 29), True)],
)
def test_sixteen_on_the_day(born: date, holds: bool) -> None:
    assert finding("age.least", eligibility_findings(NOW, applicant(born=born))).holds is holds


@pytest.mark.parametrize(("on", "holds"), [(date(2024, 2, 28), False), (date(2024, 2, 29), True)])
def test_born_on_a_leap_day_sixteen_on_a_leap_day(on: date, holds: bool) -> None:
    asked = applicant(born=date(2008, 2, 29), on=on)
    assert finding("age.least", eligibility_findings(NOW, asked)).holds is holds


@pytest.mark.parametrize(
    ("sex", "born", "retires"),
    [
        ("male", date(1964, 12, 31), date(2024, 12, 31)),
        ("male", date(1965, 1, 1), date(2025, 2, 1)),
        ("male", date(1965, 4, 30), date(2025, 5, 30)),
        ("male", date(1965, 5, 1), date(2025, 7, 1)),
        ("male", date(1976, 9, 1), date(2039, 9, 1)),
        ("male", date(1990, 9, 1), date(2053, 9, 1)),
        ("male", date(1968, 2, 29), date(2028, 12, 29)),
        ("female_cadre", date(1969, 12, 1), date(2024, 12, 1)),
        ("female_cadre", date(1970, 1, 1), date(2025, 2, 1)),
        ("female_cadre", date(1981, 9, 1), date(2039, 9, 1)),
        ("female_worker", date(1974, 12, 1), date(2024, 12, 1)),
        ("female_worker", date(1975, 1, 1), date(2025, 2, 1)),
        ("female_worker", date(1975, 3, 1), date(2025, 5, 1)),
        ("female_worker", date(1984, 11, 1), date(2039, 11, 1)),
        ("female_worker", date(1975, 7, 31), date(2025, 11, 30)),
    ],
)
def test_retirement_rises_by_month_of_birth_from_2025(sex: str, born: date, retires: date) -> None:
    """The official table of 2024-09-13: 60, 55 and 50 rise to 63, 58 and 55."""
    assert retires_on(NOW.age, born, sex, date(2025, 1, 1)) == retires


@pytest.mark.parametrize("sex", ["male", "female_cadre", "female_worker"])
def test_before_2025_retirement_is_a_birthday(sex: str) -> None:
    years = {"male": 60, "female_cadre": 55, "female_worker": 50}[sex]
    assert retires_on(NOW.age, date(1990, 2, 28), sex, date(2024, 12, 31)) == date(1990 + years, 2, 28)


@pytest.mark.parametrize(
    ("on", "holds"),
    [(date(2025, 8, 2), True), (date(2025, 8, 3), False), (date(2025, 8, 4), False)],
)
def test_a_loan_ends_before_retirement_not_on_its_day_and_not_after(on: date, holds: bool) -> None:
    """Domain.md §5.18: who reaches retirement age (here 60 years and 4 months) a day before maturity, or on it, is refused."""
    asked = applicant(born=date(1966, 4, 3), sex="male", on=on, months=12)
    found = finding("age.retirement", eligibility_findings(NOW, asked))
    assert found.figures["retires"] == "2026-08-03"
    assert found.holds is holds


@given(
    born=st.dates(date(1930, 1, 1), date(2009, 1, 1)), sex=st.sampled_from(["male", "female_cadre", "female_worker"])
)
def test_nobody_retires_later_than_somebody_born_later(born: date, sex: str) -> None:
    on = date(2025, 6, 1)
    assert retires_on(NOW.age, born, sex, on) <= retires_on(NOW.age, born + timedelta(days=1), sex, on)


def test_a_birthday_that_nobody_knows_has_to_be_shown() -> None:
    rules = {one.rule for one in eligibility_findings(NOW, applicant(born=None))}
    assert not {"age.least", "age.retirement"} & rules
    assert findings_of(applicant(born=None)) == {"age.known"}


def test_every_partner_is_as_old_as_repaid_as_free_of_loans_as_the_applicant() -> None:
    """R-LIM-3, R-LIM-6: each person by their own figures, in words that say who."""
    partner = {"born": date(1985, 3, 3), "sex": "male"}
    strange = {"kind": "business", "fen": 1}
    beside = [
        partner | {"loans_so_far": 2},
        partner | {"loans_so_far": 3, "loans_owing": 1, "overdue_record": True, "other_loans": [strange]},
        {"born": date(1966, 4, 3), "sex": "male", "other_loans": None},
    ]
    asked = applicant(kind="partnership", partners=3, beside=beside, loans_so_far=2)
    found = eligibility_findings(NOW, asked)
    assert sorted((one.rule, one.figures["partner"]) for one in found if not one.holds) == [
        ("age.retirement", "3"),
        ("other_loans.allowed", "2"),
        ("repeats.loans", "2"),
        ("repeats.overdue", "2"),
        ("repeats.repaid", "2"),
    ]
    late = next(one for one in found if one.rule == "age.retirement" and not one.holds)
    assert late.say("en").startswith("refused: partner 3: retirement age is reached")
    assert late.say("zh").startswith("不予通过：合伙人3：")
    assert sum(one.rule == "other_loans.allowed" for one in found) == 3, "nobody asked about the third partner"


@pytest.mark.parametrize("born", [date(9999, 12, 31), date(1, 1, 1), date(1700, 2, 28)])
def test_absurd_birthdays_are_refused_by_a_rule_not_by_a_crash(born: date) -> None:
    assert findings_of(applicant(born=born)) & {"age.least", "age.retirement"}


# Amounts, terms, repeats (R-LIM).


@pytest.mark.parametrize(
    ("year", "most"), [("2016", 100_000), ("2019", 150_000), ("2020", 200_000), ("2021", 200_000), ("2024", 300_000)]
)
def test_an_individual_may_ask_for_the_limit_and_not_a_fen_more(year: str, most: int) -> None:
    """R-LIM-1."""
    assert findings_of(applicant(amount_fen=most * FEN), year) == set()
    assert findings_of(applicant(amount_fen=most * FEN + 1), year) == {"limit.kind"}


@pytest.mark.parametrize(
    ("year", "partners", "most"),
    [
        ("2019", 1, 300_000),
        ("2019", 2, 450_000),
        ("2019", 3, 450_000),
        ("2021", 2, 600_000),
        ("2021", 9, 600_000),
        ("2024", 1, 660_000),
        ("2024", 2, 990_000),
        ("2024", 11, 3_960_000),
        ("2024", 12, 4_000_000),
        ("2024", 20, 4_000_000),
    ],
)
def test_a_partnership_may_ask_for_what_its_heads_may_and_a_tenth_more(year: str, partners: int, most: int) -> None:
    """R-LIM-3: `partners` are those beside the applicant."""
    asked = applicant(kind="partnership", partners=partners, amount_fen=most * FEN)
    assert findings_of(asked, year) == set()
    assert findings_of(asked.model_copy(update={"amount_fen": most * FEN + 1}), year) == {"limit.kind"}


@pytest.mark.parametrize(("year", "most"), [("2020", 3_000_000), ("2021", 4_000_000), ("2024", 4_000_000)])
def test_a_small_enterprise_may_ask_for_the_limit_and_not_a_fen_more(year: str, most: int) -> None:
    """R-LIM-4; Jining's own 400万 before December 2023."""
    assert findings_of(enterprise(10, 2, amount_fen=most * FEN), year) == set()
    assert findings_of(enterprise(10, 2, amount_fen=most * FEN + 1), year) == {"limit.kind"}


@pytest.mark.parametrize(
    ("year", "amount", "failed"),
    [
        ("2024", 300_000, set()),
        ("2024", 350_000, {"limit.kind", "limit.package"}),
        ("2021", 300_000, set()),
        ("2021", 300_001, {"limit.package"}),
    ],
)
def test_a_rural_partner_may_ask_for_300000_even_where_others_may_not(year: str, amount: int, failed: set[str]) -> None:
    """R-LIM-9: the package's wider limit takes the place of the kind's."""
    asked = applicant(product="rural_partner", group="rural_partner", qualified_partner=True, amount_fen=amount * FEN)
    assert findings_of(asked, year) == failed


def test_what_exceeds_a_limit_is_said_in_words_with_edition_and_article() -> None:
    asked = applicant(product="rural_partner", qualified_partner=True, amount_fen=350_000 * FEN)
    said = finding("limit.package", eligibility_findings(NOW, asked))
    assert said.say("en") == (
        "refused: 350,000.00 exceeds the limit 300,000.00 of the rural partner's loan, edition jining_2024 (财金〔2023〕75号; 山东省创业担保贷款实施办法（2023年12月修订）), rule R-LIM-9"
    )
    assert (
        said.say("zh")
        == "不予通过：申请金额350,000.00超过乡村贷限额300,000.00（jining_2024 版，财金〔2023〕75号; 山东省创业担保贷款实施办法（2023年12月修订），规则 R-LIM-9）"
    )
    assert (said.source, said.confidence) == ("seed; that it goes by 9/30/61 is assumed", "H")


@pytest.mark.parametrize(
    ("kind", "months", "holds"),
    [
        ("individual", 36, True),
        ("individual", 37, False),
        ("individual", 0, False),
        ("partnership", 36, True),
        ("small_enterprise", 24, True),
        ("small_enterprise", 25, False),
    ],
)
def test_terms_are_three_years_and_two(kind: str, months: int, holds: bool) -> None:
    """R-LIM-5."""
    asked = applicant(kind=kind, months=months)
    assert finding("limit.term", eligibility_findings(NOW, asked)).holds is holds


@pytest.mark.parametrize(("so_far", "holds"), [(0, True), (2, True), (3, False), (4, False)])
def test_three_loans_in_all(so_far: int, holds: bool) -> None:
    """R-LIM-6, R-ELI-9."""
    assert finding("repeats.loans", eligibility_findings(NOW, applicant(loans_so_far=so_far))).holds is holds


def test_every_loan_before_is_repaid() -> None:
    """R-LIM-6."""
    assert findings_of(applicant(loans_so_far=1, loans_owing=1)) == {"repeats.repaid"}
    assert findings_of(applicant(loans_so_far=2)) == set()


def test_an_overdue_record_blocks_the_next_loan() -> None:
    """R-ELI-9."""
    assert findings_of(applicant(overdue_record=True)) == {"repeats.overdue"}


# Other loans (R-ELI-5).


@pytest.mark.parametrize(
    ("loans", "holds"),
    [
        ([], True),
        ([("housing", 900_000, "borrower"), ("car", 1, "spouse"), ("student", 1, "borrower")], True),
        ([("poverty_relief", 50_000, "borrower")], True),
        ([("consumer", 50_000, "borrower")], True),
        ([("consumer", 50_000.01, "borrower")], False),
        ([("consumer", 30_000, "borrower"), ("credit_card", 20_000, "spouse")], True),
        ([("consumer", 30_000, "borrower"), ("credit_card", 20_001, "spouse")], False),
        ([("business", 1, "spouse")], False),
        ([("business", 1, "borrower"), ("housing", 1, "borrower")], False),
    ],
)
def test_borrower_and_spouse_have_no_loans_but_those_allowed(loans: list[tuple[str, float, Any]], holds: bool) -> None:
    others = tuple(OtherLoan(kind=kind, fen=round(yuan * FEN), of=of) for kind, yuan, of in loans)
    assert finding("other_loans.allowed", eligibility_findings(NOW, applicant(other_loans=others))).holds is holds


# New hires (R-ELI-7, R-ELI-8, domain.md §5.20).


@pytest.mark.parametrize(
    ("year", "staff", "least"),
    [
        ("2019", 10, 2),
        ("2019", 11, 3),
        ("2019", 101, 21),
        ("2021", 20, 3),
        ("2021", 100, 15),
        ("2021", 101, 9),
        ("2024", 1, 1),
        ("2024", 10, 1),
        ("2024", 11, 2),
        ("2024", 99, 10),
        ("2024", 100, 10),
        ("2024", 101, 6),
        ("2024", 120, 6),
        ("2024", 121, 7),
        ("2024", 0, 1),
    ],
)
def test_new_hires_are_a_part_of_the_staff_rounded_up_and_at_least_one(year: str, staff: int, least: int) -> None:
    amount = 300_000_000
    assert "hire.ratio" not in findings_of(enterprise(staff, least, amount_fen=amount), year)
    assert ("hire.counted" in findings_of(enterprise(staff, least, amount_fen=amount), year)) is (least > staff)
    assert "hire.ratio" in findings_of(enterprise(staff, least - 1, amount_fen=amount), year)


def test_more_cannot_have_been_hired_than_are_employed() -> None:
    assert findings_of(enterprise(10, 11)) == {"hire.counted"}


@pytest.mark.parametrize("business", ["suspended", "revoked", "cancelled"])
def test_a_business_that_is_not_open_borrows_nothing(business: str) -> None:
    """R-PRO-4."""
    assert findings_of(applicant(business=business)) == {"business.open"}
    assert findings_of(enterprise(10, 1, business=business)) == {"business.open"}
    assert findings_of(applicant(business="in_business")) == set()


@pytest.mark.parametrize(
    ("marital", "spouse", "holds"),
    [("married", True, True), ("married", False, False), ("single", True, False), ("widowed", False, True)],
)
def test_the_form_and_civil_affairs_know_the_same_household(marital: str, spouse: bool, holds: bool) -> None:
    """R-ELI-5, domain.md §5.22."""
    asked = applicant(marital=marital, spouse=spouse)
    assert finding("household.matches", eligibility_findings(NOW, asked)).holds is holds


@pytest.mark.parametrize(
    ("group", "more", "failed"),
    [
        ("talent", {}, {"group.degree"}),
        ("talent", {"degree": "college"}, {"group.degree"}),
        ("talent", {"degree": "master"}, set()),
        ("rural_partner", {}, {"group.partner"}),
        ("rural_partner", {"qualified_partner": True}, set()),
    ],
)
def test_whoever_claims_a_local_group_shows_that_they_are_of_it(
    group: str, more: dict[str, Any], failed: set[str]
) -> None:
    """R-ELI-3."""
    assert findings_of(applicant(group=group, **more)) == failed


def test_an_enterprise_that_owes_wages_is_not_eligible() -> None:
    assert findings_of(enterprise(10, 1, wages_owed=True)) == {"hire.wages"}


# Packages.


@pytest.mark.parametrize(
    ("product", "more", "failed"),
    [
        ("rural_partner", {"qualified_partner": False}, {"package.partner"}),
        ("rural_partner", {"qualified_partner": True}, set()),
        ("talent", {}, {"package.degree"}),
        ("talent", {"degree": "college"}, {"package.degree"}),
        ("talent", {"degree": "bachelor"}, set()),
        ("talent", {"degree": "doctor"}, set()),
        ("family", {}, {"package.family"}),
        ("family", {"family_guarantors": 1}, set()),
        ("credit", {}, set()),
        ("zheng_yin_dan", {}, set()),
        ("small_enterprise", {}, {"package.kind"}),
    ],
)
def test_what_a_package_asks_for_beyond_the_rules_of_all(product: str, more: dict[str, Any], failed: set[str]) -> None:
    assert findings_of(applicant(product=product, **more)) == failed


@pytest.mark.parametrize(
    ("product", "rating", "margin_bp", "failed"),
    [
        ("plain", None, 50, set()),
        ("plain", None, 51, {"rate.cap"}),
        ("plain", None, -20, set()),
        ("credit", None, 50, {"package.rating"}),
        ("credit", "A", 50, set()),
        ("credit", "C", 51, {"package.rating", "rate.cap"}),
    ],
)
def test_the_bank_stays_under_the_cap_and_rates_who_borrows_on_credit(
    product: str, rating: str | None, margin_bp: int, failed: set[str]
) -> None:
    """R-INT-1…3, R-PRO-2."""
    assert failing(credit_findings(NOW, applicant(product=product), margin_bp=margin_bp, rating=rating)) == failed


def test_the_cap_was_wider_before_april_2020() -> None:
    """R-INT-2."""
    assert failing(credit_findings(edition("2019"), applicant(), margin_bp=100, rating=None)) == set()


# Counter-guarantees (R-PRO-1, R-PRO-2).


def persons(form: str, *who: str) -> list[Standing]:
    return [Standing(form=form, person=one) for one in who]


def worth(form: str, yuan: int) -> list[Standing]:
    return [Standing(form=form, fen=yuan * FEN)]


def test_nobody_stands_who_guaranteed_a_loan_that_went_overdue() -> None:
    """R-ELI-9."""
    tainted = Standing(form="employee", person="b", overdue=True)
    found = guarantee_findings(NOW, [*persons("employee", "a"), tainted], amount=FEN, waived=False)
    assert failing(found) == {"counter_guarantee.record"}
    assert finding("counter_guarantee.record", found).article == "R-ELI-9"


@pytest.mark.parametrize(
    ("standing", "waived", "failed"),
    [
        ([], False, {"counter_guarantee.there"}),
        ([], True, set()),
        (persons("employee", "a"), False, set()),
        (worth("employee", 300_000), False, {"counter_guarantee.enough"}),
        (persons("joint_households", "a", "b"), False, {"counter_guarantee.enough"}),
        (persons("joint_households", "a", "b", "b"), False, {"counter_guarantee.enough"}),
        (persons("joint_households", "a", "b", "c"), False, set()),
        (persons("joint_households", "a") + persons("employee", "b"), False, set()),
        (worth("mortgage", 199_999), False, {"counter_guarantee.enough"}),
        (worth("mortgage", 150_000) + worth("pledge", 50_000), False, set()),
        (persons("mortgage", "a"), False, {"counter_guarantee.enough"}),
        (persons("third_party", "a"), False, set()),
        (worth("third_party", 200_000), False, set()),
        (worth("pledge", 1), True, set()),
    ],
)
def test_what_stands_for_the_loan_is_enough_for_it(standing: list[Standing], waived: bool, failed: set[str]) -> None:
    """R-PRO-1, and of an edition that says nothing of its forms what is assumed."""
    bare = [form.model_dump(exclude={"needs", "least"}) for form in NOW.counter_guarantee.forms]
    silent = NOW.counter_guarantee.model_copy(update={"forms": tuple(Form.model_validate(form) for form in bare)})
    for under in (NOW, NOW.model_copy(update={"counter_guarantee": silent})):
        assert failing(guarantee_findings(under, standing, amount=200_000 * FEN, waived=waived)) == failed


@pytest.mark.parametrize(
    ("year", "more", "holds"),
    [
        ("2024", {}, False),
        ("2024", {"group": "graduate", "amount_fen": 20_000_000}, True),
        ("2024", {"group": "graduate", "amount_fen": 20_000_001}, False),
        ("2021", {"group": "graduate", "amount_fen": 20_000_000}, False),
        ("2024", {"product": "credit"}, False),
        ("2024", {"product": "credit", "rating": "C"}, False),
        ("2024", {"product": "credit", "rating": "AA"}, True),
        ("2021", {"product": "credit", "rating": "AA"}, True),
    ],
)
def test_a_waiver_is_by_rule(year: str, more: dict[str, Any], holds: bool) -> None:
    found = waiver_finding(edition(year), applicant(**more))
    assert found.holds is holds
    assert found.say("zh") and "{" not in found.say("en")


# Whatever is asked.

_DAYS = st.dates(date(2016, 7, 1), date(2099, 12, 31))
_APPLICANTS = st.builds(
    Applicant,
    on=_DAYS,
    kind=st.sampled_from(KINDS),
    product=st.sampled_from(NOW.package_codes),
    group=st.none() | st.sampled_from(NOW.group_codes) | st.text(max_size=5),
    amount_fen=st.integers(0, 10**15),
    months=st.integers(0, 600),
    born=st.none() | st.dates(),
    sex=st.none() | st.sampled_from(["male", "female_worker", "female_cadre"]),
    partners=st.integers(0, 30),
    loans_so_far=st.integers(0, 5),
    overdue_record=st.booleans(),
    other_loans=st.lists(
        st.builds(OtherLoan, kind=st.sampled_from(["housing", "consumer", "business"]), fen=st.integers(0, 10**15))
    ).map(tuple),
    staff=st.none() | st.integers(0, 10**6),
    hired=st.none() | st.integers(0, 10**6),
    wages_owed=st.booleans(),
    degree=st.none() | st.text(max_size=5) | st.just("bachelor"),
    qualified_partner=st.booleans(),
    family_guarantors=st.integers(0, 3),
    rating=st.none() | st.just("A"),
    graduated_on=st.none() | st.dates(),
)


@given(asked=_APPLICANTS, margin_bp=st.integers(-1000, 1000))
def test_every_rule_answers_in_both_languages_with_its_edition_and_source(asked: Applicant, margin_bp: int) -> None:
    found = (
        *eligibility_findings(NOW, asked),
        *credit_findings(NOW, asked, margin_bp=margin_bp, rating=asked.rating),
        waiver_finding(NOW, asked),
        *guarantee_findings(NOW, persons("employee", "a"), amount=asked.amount_fen, waived=asked.overdue_record),
    )
    assert len({one.rule for one in found}) == len(found)
    for one in found:
        english, chinese = one.say("en"), one.say("zh")
        assert english.startswith("holds: " if one.holds else "refused: ")
        assert chinese.startswith("符合：" if one.holds else "不予通过：")
        assert one.article in english and one.article in chinese
        assert one.edition == "jining_2024" and one.source


@given(asked=_APPLICANTS, more=st.integers(1, 10**12))
def test_who_asks_for_more_is_never_the_more_eligible(asked: Applicant, more: int) -> None:
    greater = asked.model_copy(update={"amount_fen": asked.amount_fen + more})
    assert findings_of(asked) <= findings_of(greater)


def test_every_sentence_belongs_to_a_rule_and_every_rule_has_both_forms() -> None:
    """What the rules say of a handful of applicants uses every sentence there is, in both of its forms."""
    bad = {
        "group": "x",
        "overdue_record": True,
        "loans_so_far": 9,
        "loans_owing": 1,
        "amount_fen": 10**12,
        "months": 99,
    }
    bad |= {"other_loans": [{"kind": "business", "fen": 1}], "born": date(2024, 1, 1)}
    bad |= {"business": "revoked", "marital": "married"}
    old = {"born": date(1940, 1, 1), "group": "graduate", "business": "in_business", "marital": "single"}
    asked = [
        *(applicant(product=code, **more) for code in NOW.package_codes for more in ({}, bad, old)),
        applicant(group="graduate", graduated_on=date(2024, 1, 1)),
        applicant(product="rural_partner", qualified_partner=True),
        applicant(product="talent", degree="master"),
        applicant(product="family", family_guarantors=1),
        applicant(product="credit", rating="A"),
        enterprise(10, 1),
        enterprise(10, 0, wages_owed=True),
        enterprise(1, 2),
        applicant(born=None, group="talent"),
        applicant(group="rural_partner"),
        applicant(group="talent", degree="doctor"),
        applicant(group="rural_partner", qualified_partner=True),
    ]
    tainted = [Standing(form="employee", person="a", overdue=True)]
    said = set()
    for one in asked:
        found = (
            *eligibility_findings(NOW, one),
            *(f for margin in (1, 99) for f in credit_findings(NOW, one, margin_bp=margin, rating=one.rating)),
            *(
                f
                for stands in ([], persons("employee", "a"), worth("pledge", 1), tainted)
                for f in guarantee_findings(NOW, stands, amount=one.amount_fen, waived=False)
            ),
            waiver_finding(NOW, one),
        )
        said |= {(each.rule, each.holds) for each in found if each.say("en") and each.say("zh")}
    assert said == {(rule, holds) for rule in SENTENCES for holds in (True, False)}


def test_codes_are_said_in_words() -> None:
    said = finding("limit.kind", eligibility_findings(NOW, applicant(amount_fen=30_000_001))).say("zh")
    assert (
        said
        == "不予通过：申请金额300,000.01超过个人限额300,000.00（jining_2024 版，财金〔2023〕75号; 山东省创业担保贷款实施办法（2023年12月修订），规则 R-LIM-1）"
    )
    assert all(english and chinese for english, chinese in WORDS.values())
    assert {*KINDS} <= WORDS.keys()


def test_a_package_that_the_edition_does_not_offer_is_refused() -> None:
    with pytest.raises(NotOffered, match="jining_2019 offers no 'talent'; it offers: plain, small_enterprise"):
        eligibility_findings(edition("2019"), applicant(product="talent"))


def test_a_refusal_says_that_its_rule_is_assumed_and_what_an_article_is() -> None:
    (capped,) = credit_findings(NOW, applicant(), margin_bp=51, rating=None)
    assert capped.say("en").endswith("rule R-INT-3, assumed until the city confirms it")
    assert capped.say("zh").endswith("规则 R-INT-3，暂定规则，待市级确认）")
    sure = capped.model_copy(update={"confidence": "H", "article": "art. 7", "document": None})
    assert sure.say("en").endswith(", edition jining_2024, article art. 7")
    assert sure.say("zh").endswith("（jining_2024 版，条款 art. 7）")
    assert "assumed" not in capped.model_copy(update={"holds": True}).say("en")


def test_names_of_the_edition_are_said_in_the_language_that_is_spoken() -> None:
    asked = applicant(other_loans=[{"kind": "business", "fen": FEN, "of": "spouse"}])
    listed = finding("group.listed", eligibility_findings(NOW, asked))
    assert listed.say("en").startswith("holds: registered urban unemployed is an eligible group")
    assert listed.say("zh").startswith("符合：城镇登记失业人员属于扶持人群")
    loans = finding("other_loans.allowed", eligibility_findings(NOW, asked))
    assert "spouse business 1.00" in loans.say("en") and "配偶 经营贷款 1.00" in loans.say("zh")
    old = listed.model_copy(update={"figures": {"group": "退役军人"}})
    assert "退役军人" in old.say("en")
