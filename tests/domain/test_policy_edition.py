"""Editions are data with sources: what ships says what the collection of rules says, and what is no edition is refused by name."""

from __future__ import annotations

import hashlib
from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.errors import BadInput
from domain.policy.comparing import Difference, differences
from domain.policy.edition import EditionUnreadable, read_edition
from domain.policy.rules import KINDS
from tests.domain.policies import EDITIONS, NOW, edition, text_of

YEARS = list(EDITIONS)


# What ships.


def test_the_shipped_editions_follow_one_another_without_a_gap_and_the_last_is_open() -> None:
    assert YEARS == ["2016", "2019", "2020", "2021", "2024"]
    for earlier, later in pairwise(EDITIONS.values()):
        assert earlier.effective_to is not None
        assert earlier.effective_to + timedelta(days=1) == later.effective_from
    assert NOW.effective_to is None


@pytest.mark.parametrize(
    ("year", "individual", "partnership", "small_enterprise", "cap", "regime", "ratios"),
    [
        ("2016", "100000.00", "300000.00", "3000000.00", 100, "A", {0: 20}),
        ("2019", "150000.00", "450000.00", "3000000.00", 100, "A", {0: 20}),
        ("2020", "200000.00", "600000.00", "3000000.00", 50, "A", {0: 15, 100: 8}),
        ("2021", "200000.00", "600000.00", "4000000.00", 50, "B", {0: 15, 100: 8}),
        ("2024", "300000.00", "4000000.00", "4000000.00", 50, "C", {0: 10, 100: 5}),
    ],
)
def test_the_numbers_are_those_of_the_collection_of_rules(
    year: str, individual: str, partnership: str, small_enterprise: str, cap: int, regime: str, ratios: dict[int, int]
) -> None:
    """R-LIM-1, R-LIM-3, R-LIM-4, R-INT-1, R-INT-2, R-SUB-1…3, R-ELI-7."""
    shown = edition(year).model_dump(mode="json")
    assert {kind: shown["limits"][kind]["most"] for kind in KINDS} == {
        "individual": individual,
        "partnership": partnership,
        "small_enterprise": small_enterprise,
    }
    assert [edition(year).limits[kind].months for kind in KINDS] == [36, 36, 24]
    assert edition(year).rate_cap.margin_bp == cap
    assert (edition(year).subsidy.regime, edition(year).subsidy.regime_key) == (regime, "contract")
    assert {ratio.above: ratio.percent for ratio in edition(year).hire_ratios} == ratios
    assert edition(year).repeats.loans == 3


def test_twenty_times_ten_thousand_begin_on_the_day_of_the_national_notice() -> None:
    assert edition("2020").effective_from == date(2020, 4, 15)


def test_the_groups_grow_from_ten_to_twelve_to_those_of_the_city() -> None:
    """R-ELI-1, R-ELI-2; what the city adds is at its own cost (R-ELI-3)."""
    assert [len(one.groups) for one in EDITIONS.values()] == [10, 10, 12, 14, 14]
    assert [group.code for group in NOW.groups if group.local] == ["talent", "rural_partner"]


def test_the_six_packages_stand_beside_the_plain_loan_with_their_schemes() -> None:
    assert {(package.zh, NOW.scheme_of(package.code).code) for package in NOW.packages} == {
        ("创业担保贷款", "fund_only_80_20"),
        *((zh, "zheng_yin_dan_9_30_61") for zh in ("乡村贷", "人才贷", "亲情贷", "小微贷", "信用贷", "政银担")),
    }


@pytest.mark.parametrize(
    ("package", "parts"), [("rural_partner", [27_000_00, 90_000_00, 183_000_00]), ("plain", [240_000_00, 60_000_00])]
)
def test_a_scheme_shares_as_its_weights_say(package: str, parts: list[int]) -> None:
    """R-FUND-7 and the worked claim of domain.md; R-FUND-6."""
    pinned = NOW.scheme_of(package).pinned(fund="fund", bank="bank", guarantor="guarantor")
    assert pinned.parts(300_000_00) == parts
    assert all(share.institution for share in pinned.parties)


def test_materials_went_from_seven_to_four_and_from_four_to_two() -> None:
    """R-PRO-4."""
    counted = [
        [len(one.materials_for(kind).required) for kind in ("individual", "small_enterprise")]
        for one in EDITIONS.values()
    ]
    assert counted == [[4, 7], [4, 7], [4, 7], [2, 4], [2, 4]]
    assert not edition("2020").materials_for("individual").pulled
    assert NOW.materials_for("individual").pulled == ("market_regulator", "civil_affairs", "credit_registry")


def test_every_rule_has_a_number_a_source_and_how_sure_it_is() -> None:
    for year in YEARS:
        rules = dict(edition(year).rules())
        assert {"dates", "limits.individual", "packages.plain", "counter_guarantee", "clock"} <= rules.keys()
        assert all(rule.source and rule.rule.startswith("R-") for rule in rules.values())


def test_what_is_open_says_so() -> None:
    """domain.md §6: the first day of the 50 % regime, the cap under 75号, the lists of materials."""
    rules = dict(NOW.rules())
    for place in ("dates", "rate_cap", "materials.0", "materials.1", "clock", "schemes.fund_only_80_20"):
        assert rules[place].confidence == "assumed", place
    assert rules["age"].confidence == "mem"


def test_the_pin_is_the_digest_of_the_text() -> None:
    assert NOW.pin.digest == hashlib.sha256(text_of().encode()).hexdigest()
    assert read_edition(text_of() + "\n").pin.digest != NOW.pin.digest


# What is no edition.


@pytest.mark.parametrize(
    ("old", "new", "key", "problem"),
    [
        ('title = "', 'titel = "', "title", "Field required"),
        ("effective_from", "sorcery = 1\neffective_from", "sorcery", "Extra inputs"),
        ('city = "370800"\n', "", "city", "Field required"),
        ('source = "seed"\nconfidence = "H"\ncode = "talent"', 'confidence = "H"\ncode = "talent"', "groups.12.source", "Field required"),
        ('source = "seed"\nconfidence = "H"\ncode = "talent"', 'source = ""\nconfidence = "H"\ncode = "talent"', "groups.12.source", "pattern"),
        ('confidence = "mem"', 'confidence = "certain"', "age.confidence", "'H', 'M', 'mem' or 'assumed'"),
        ('rule = "R-LIM-6"', 'rule = "somewhere"', "repeats.rule", "pattern"),
        ('most = "300000.00"\nmonths', 'most = "300.000,00"\nmonths', "limits.individual.most", "not an amount"),
        ('most = "300000.00"\nmonths', 'most = "3e5"\nmonths', "limits.individual.most", "not an amount"),
        ('most = "300000.00"\nmonths', "most = 300000.00\nmonths", "limits.individual.most", "as text in yuan"),
        ('most = "300000.00"\nmonths', 'most = "0.00"\nmonths', "limits.individual.most", "greater than 0"),
        ('most = "300000.00"\nmonths', 'most = "-1.00"\nmonths', "limits.individual.most", "negative"),
        ("loans = 3", "loans = 0", "repeats.loans", "greater than 0"),
        ("loans = 3", "loans = 3.0", "repeats.loans", "valid integer"),
        ("loans = 3", "loans = true", "repeats.loans", "valid integer"),
        ('loans = 3', 'loans = "3"', "repeats.loans", "valid integer"),
        ("fund = 9,", "fund = 10,", "schemes.0", "come to 100"),
        ("fund = 9,", "fund = -9,", "schemes.0.weights.fund", "greater than or equal to 0"),
        ('tie_order = ["bank", "fund"]', 'tie_order = ["bank"]', "schemes.1", "every party exactly once"),
        ('scheme = "fund_only_80_20"', 'scheme = "fifty_fifty"', "the edition", "unknown scheme fifty_fifty"),
        ("effective_from = 2024-01-01", "effective_from = 2024-01-01\neffective_to = 2023-12-31", "the edition", "before effective_from"),
        ("effective_from = 2024-01-01", "effective_from = 1024-01-01", "effective_from", "2002-01-01"),
        ("effective_from = 2024-01-01", "effective_from = 9999-12-31", "effective_from", "2099-12-31"),
        ("effective_from = 2024-01-01", 'effective_from = "2024-01-01"', "effective_from", "valid date"),
        ("effective_from = 2024-01-01", "effective_from = 2024", "effective_from", "valid date"),
        ("effective_from = 2024-01-01", "effective_from = 2024-02-30", "the file", "Invalid date"),
        ('code = "talent"\nzh = "本科', 'code = "veteran"\nzh = "本科', "the edition", "groups has a code twice"),
        ("[limits.partnership]", "[limits.partners]", "limits.partners", "'individual', 'partnership' or 'small_enterprise'"),
        ('groups = ["graduate", "student"', 'groups = ["pensioner", "student"', "the edition", "unknown group pensioner"),
        ("above = 0\n", "above = 10\n", "the edition", "above = 0"),
        ("above = 100\n", "above = 0\n", "the edition", "the same staff twice"),
        ('sex = "male"', 'sex = "female_cadre"', "age", "twice"),
        ('ratings = ["AAA", "AA", "A"]\n', "", "packages.5", "ratings"),
        ('regime = "C"', 'regime = "D"', "subsidy.regime", "'A', 'B' or 'C'"),
        ('zh = "城镇登记失业人员"', 'zh = "城镇\\u0000"', "groups.0.zh", "pattern"),
        ('kinds = ["small_enterprise"]\nrequired', "kinds = []\nrequired", "materials.1.kinds", "at least 1"),
        ('edition = "jining_2024"', 'edition = "../jining"', "edition", "pattern"),
        ("[clock]", "[clock", "the file", "Expected"),
    ],
)  # fmt: skip
def test_what_is_no_edition_is_refused_with_its_key_and_what_is_wrong(
    old: str, new: str, key: str, problem: str
) -> None:
    text = text_of()
    assert text.count(old) >= 1
    with pytest.raises(EditionUnreadable) as refused:
        read_edition(text.replace(old, new, 1), field="city.toml")
    assert refused.value.facts["key"] == key
    assert problem in str(refused.value.facts["problem"])
    assert refused.value.message("en").startswith(f"city.toml: {key}: ")
    assert refused.value.message("zh").endswith("请参照随附的政策版本")


def test_the_text_of_an_edition_is_no_key_of_it() -> None:
    with pytest.raises(EditionUnreadable, match="text"):
        read_edition('text = "x"\n' + text_of())


@settings(max_examples=60)
@given(line=st.integers(min_value=0, max_value=len(text_of().splitlines()) - 1))
def test_an_edition_with_a_line_lost_is_an_edition_or_refused_never_a_crash(line: int) -> None:
    lines = text_of().splitlines()
    try:
        read = read_edition("\n".join(lines[:line] + lines[line + 1 :]))
    except BadInput as refused:
        assert refused.message("en") and refused.message("zh")
    else:
        assert read.pin != NOW.pin


@settings(max_examples=60)
@given(text=st.text(max_size=200))
def test_any_text_is_refused_in_order(text: str) -> None:
    with pytest.raises(EditionUnreadable):
        read_edition(text)


# The difference of two.


def test_an_edition_differs_from_itself_in_nothing() -> None:
    assert all(differences(one, one) == [] for one in EDITIONS.values())


def test_the_difference_of_two_editions_names_place_both_texts_and_both_rules() -> None:
    found = {difference.place: difference for difference in differences(edition("2021"), NOW)}
    assert found["limits.individual.most"] == Difference(
        "limits.individual.most", "200000.00", "300000.00", "R-LIM-1", "R-LIM-1"
    )
    assert found["rate_cap.rule"][1:] == ("R-INT-1", "R-INT-3", "R-INT-1", "R-INT-3")
    assert found["hire_ratios[100].percent"][1:3] == ("8", "5")
    assert found["limits.partnership.partners"][1:3] == ("3", None)
    assert found["counter_guarantee.waivers[0].most"][1:] == (None, "200000.00", None, "R-PRO-2")
    assert "repeats.loans" not in found


@pytest.mark.parametrize(("one", "other"), [(a, b) for a in YEARS for b in YEARS if a < b])
def test_the_difference_the_other_way_round_is_the_same_mirrored(one: str, other: str) -> None:
    there, back = differences(edition(one), edition(other)), differences(edition(other), edition(one))
    assert there == [Difference(d.place, d.new, d.old, d.new_article, d.old_article) for d in back]
