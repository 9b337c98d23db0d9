"""Eligibility 资格: what the rules of an edition say of an applicant's figures, each rule a finding; pure, so that anybody may ask beforehand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Literal

from pydantic import Field

from domain.calendar import add_months
from domain.errors import Language
from domain.frozen import Frozen
from domain.money import Fen, yuan
from domain.policy.edition import Edition
from domain.policy.finding import Finding
from domain.policy.rules import Age, Kind, Named, Rule
from domain.policy.sentences import in_words

DEGREES = ("bachelor", "master", "doctor")
"""Degrees from a bachelor's on (R-ELI-3)."""


class OtherLoan(Frozen):
    """A loan elsewhere, as the credit registry names its kind."""

    kind: str
    fen: Fen = Field(ge=0)
    of: Literal["borrower", "spouse"] = "borrower"


class Personal(Frozen):
    """What is looked at of everybody who borrows; `other_loans` is left out where nobody was asked for them."""

    born: date | None = None
    sex: Literal["male", "female_worker", "female_cadre"] | None = None
    loans_so_far: int = Field(default=0, ge=0)
    loans_owing: int = Field(default=0, ge=0)
    """Of the loans so far those that are not repaid."""
    overdue_record: bool = False
    other_loans: tuple[OtherLoan, ...] | None = ()


class Applicant(Personal):
    """What the rules look at on a day; nobody's name, nobody's number. `beside` are the partners, as far as they are known."""

    on: date
    kind: Kind
    product: str
    group: str | None = None
    amount_fen: Fen = Field(ge=0)
    months: int = Field(ge=0, le=1200)
    partners: int = Field(default=0, ge=0)
    beside: tuple[Personal, ...] = ()
    business: str | None = None
    """What the market regulator says of it; left out where nobody was asked."""
    marital: str | None = None
    spouse: bool = False
    """Whether the form names one."""
    staff: int | None = Field(default=None, ge=0)
    hired: int | None = Field(default=None, ge=0)
    wages_owed: bool = False
    degree: str | None = None
    qualified_partner: bool = False
    family_guarantors: int = Field(default=0, ge=0)
    rating: str | None = None
    graduated_on: date | None = None


class Standing(Frozen):
    """A counter-guarantee that binds: who stands by it, as a pseudonym, or what it is worth."""

    form: str
    person: str | None = None
    fen: Fen | None = None
    overdue: bool = False
    """Whether this person has guaranteed a loan that went overdue."""


def eligibility_findings(edition: Edition, applicant: Applicant) -> tuple[Finding, ...]:
    """资格审核: every rule that applies, whether it holds or not (R-ELI, R-LIM)."""
    return tuple(_eligibility(edition, applicant))


def _eligibility(edition: Edition, applicant: Applicant) -> Iterator[Finding]:
    package, limit = edition.package(applicant.product), edition.limits[applicant.kind]
    if applicant.kind != "small_enterprise":
        yield from _group(edition, applicant)
        yield from _age(edition, applicant, applicant)
        yield from _other_loans(edition, applicant)
        yield from _household(edition, applicant)
    else:
        yield from _hiring(edition, applicant)
    yield from _business(edition, applicant)
    kinds = _named("package", package) | {"kind": applicant.kind}
    yield _finding(edition, package, "package.kind", applicant.kind in package.kinds, **kinds)
    yield from _package_asks(edition, applicant)
    yield from _amount(edition, applicant)
    term = {"months": str(applicant.months), "most": str(limit.months), "kind": applicant.kind}
    yield _finding(edition, limit, "limit.term", 0 < applicant.months <= limit.months, **term)
    yield from _repeats(edition, applicant)
    for place, partner in enumerate(applicant.beside, 1):
        of_partner = (
            *_age(edition, applicant, partner),
            *_other_loans(edition, partner),
            *_repeats(edition, partner),
        )
        for found in of_partner:
            yield found.model_copy(update={"figures": {**found.figures, "partner": str(place)}})


def waiver_finding(edition: Edition, applicant: Applicant) -> Finding:
    """免除反担保: by its package, or for its group up to an amount (R-PRO-2)."""
    package = edition.package(applicant.product)
    figures = {**_named("package", package), "asked": _shown(applicant.amount_fen), **_named("why", package)}
    rated = package.asks != "rating" or applicant.rating in package.ratings
    if package.waived and rated and all(finding.holds for finding in _package_asks(edition, applicant)):
        return _finding(edition, package, "counter_guarantee.waived", True, **figures)
    for waiver in edition.counter_guarantee.waivers:
        if applicant.group in waiver.groups and applicant.amount_fen <= waiver.most:
            group = next(group for group in edition.groups if group.code == applicant.group)
            figures |= {name: f"{why} ≤ {_shown(waiver.most)}" for name, why in _named("why", group).items()}
            return _finding(edition, waiver, "counter_guarantee.waived", True, **figures)
    return _finding(edition, edition.counter_guarantee, "counter_guarantee.waived", False, **figures)


def guarantee_findings(
    edition: Edition, standing: Sequence[Standing], *, amount: Fen, waived: bool
) -> tuple[Finding, ...]:
    """担保审核: something stands for the loan towards the guarantor, or need not; and what stands is enough (R-PRO-1).

    Enough are as many persons as their form asks for, or things that together are worth the loan. That they have to be worth
    all of it, and that a joint guarantee's households do not count the borrower's own, is assumed. Of those who stand nobody
    has guaranteed a loan that went overdue (R-ELI-9).
    """
    rule = edition.counter_guarantee
    figures = {"standing": str(len(standing)), "waived": "yes" if waived else "no"}
    there = _finding(edition, rule, "counter_guarantee.there", waived or bool(standing), **figures)
    if waived or not standing:
        return (there,)
    persons = Counter(form for form, _ in {(one.form, one.person) for one in standing if one.person})
    lacking = {
        form: max(rule.form(form).least - count, 0) for form, count in persons.items() if rule.form(form).persons
    }
    nearest = min(lacking, key=lambda form: lacking[form], default=None)
    worth = sum(one.fen or 0 for one in standing if rule.form(one.form).things)
    figures = {
        "persons": str(persons[nearest] if nearest else 0),
        "least": str(rule.form(nearest).least if nearest else 1),
        "worth": _shown(worth),
        "amount": _shown(amount),
    }
    enough = worth >= amount or (nearest is not None and not lacking[nearest])
    found = [there, _finding(edition, rule, "counter_guarantee.enough", enough, **figures)]
    if known := {one.person: one.overdue for one in standing if one.person}:
        refused = rule.model_copy(update={"rule": "R-ELI-9"})
        figures = {"persons": str(sum(known.values()))}
        found.append(_finding(edition, refused, "counter_guarantee.record", not any(known.values()), **figures))
    return tuple(found)


def credit_findings(
    edition: Edition, applicant: Applicant, *, margin_bp: int, rating: str | None
) -> tuple[Finding, ...]:
    """授信审核: the rate is at most the cap (R-INT-1); a package that asks for a rating gets one."""
    cap = edition.rate_cap
    figures = {"margin": str(margin_bp), "cap": str(cap.margin_bp)}
    capped = _finding(edition, cap, "rate.cap", margin_bp <= cap.margin_bp, **figures)
    package = edition.package(applicant.product)
    if package.asks != "rating":
        return (capped,)
    shown = _named("package", package) | {"rating": rating or "-"}
    return capped, _finding(edition, package, "package.rating", rating in package.ratings, **shown)


def retires_on(age: Age, born: date, sex: str, on: date) -> date:
    """The day on which retirement age is reached, by the table in force on `on` (R-ELI-4); born on 29 February counts the 28th."""
    table = next(entry for entry in age.retirement if entry.sex == sex)
    later = (born.year - table.born_from.year) * 12 + born.month - table.born_from.month
    more = min(later // table.step + 1, table.most) if later >= 0 and on >= age.gradual_from else 0
    return _later(born, table.years * 12 + more)


def ends_on(found: Finding, day: date) -> Finding:
    """What was found of retirement age (`age.retirement`), for a loan that ends on another day than was thought."""
    figures = {**found.figures, "ends": day.isoformat()}
    holds = day < date.fromisoformat(found.figures["retires"])
    return found.model_copy(update={"figures": figures, "holds": holds})


def _group(edition: Edition, applicant: Applicant) -> Iterator[Finding]:
    """One of the groups; a graduate of so many years at most, by the day of graduation that was shown (R-ELI-1)."""
    found = next((group for group in edition.groups if group.code == applicant.group), None)
    named = _named("group", found) if found else {"group": applicant.group or "-"}
    yield _finding(edition, found or edition.groups[0], "group.listed", found is not None, **named)
    if found is not None and found.asks == "degree":
        shown = named | {"degree": applicant.degree or "-"}
        yield _finding(edition, found, "group.degree", applicant.degree in DEGREES, **shown)
    if found is not None and found.asks == "partner":
        yield _finding(edition, found, "group.partner", applicant.qualified_partner, **named)
    if found is None or found.within_years is None:
        return
    graduated, day = applicant.graduated_on, applicant.on
    holds = graduated is not None and graduated <= day <= _later(graduated, found.within_years * 12)
    shown = {"graduated": graduated.isoformat() if graduated else "-", "years": str(found.within_years)}
    yield _finding(edition, found, "group.graduated", holds, **shown, day=day.isoformat())


def _amount(edition: Edition, applicant: Applicant) -> Iterator[Finding]:
    """What the kind allows, unless the package allows more, and what the package allows (R-LIM-1, R-LIM-3, R-LIM-4, R-LIM-9)."""
    package, limit = edition.package(applicant.product), edition.limits[applicant.kind]
    asked, most = applicant.amount_fen, _limit(edition, applicant)
    if package.most is None or package.most <= most:
        shown = {"asked": _shown(asked), "most": _shown(most), "kind": applicant.kind}
        yield _finding(edition, limit, "limit.kind", asked <= most, **shown)
    if package.most is not None:
        shown = {"asked": _shown(asked), "most": _shown(package.most)} | _named("package", package)
        yield _finding(edition, package, "limit.package", asked <= package.most, **shown)


def _age(edition: Edition, applicant: Applicant, who: Personal) -> Iterator[Finding]:
    """At least so old on the day, and not of retirement age within the term; a birthday that nobody knows has to be shown."""
    if who.born is None or who.sex is None:
        yield _finding(edition, edition.age, "age.known", False)
        return
    yield _finding(edition, edition.age, "age.known", True)
    years = applicant.on.year - who.born.year
    years -= _later(who.born, years * 12) > applicant.on
    shown = {"age": str(years), "day": applicant.on.isoformat(), "least": str(edition.age.least)}
    yield _finding(edition, edition.age, "age.least", years >= edition.age.least, **shown)
    ends = _later(applicant.on, applicant.months)
    retires = retires_on(edition.age, who.born, who.sex, applicant.on)
    shown = {"ends": ends.isoformat(), "retires": retires.isoformat()}
    yield _finding(edition, edition.age, "age.retirement", ends < retires, **shown)


def _repeats(edition: Edition, who: Personal) -> Iterator[Finding]:
    """So many loans in all for each person, every one of them repaid on time (R-LIM-6, R-ELI-9)."""
    rule = edition.repeats
    had = {"had": str(who.loans_so_far), "most": str(rule.loans)}
    yield _finding(edition, rule, "repeats.loans", who.loans_so_far < rule.loans, **had)
    yield _finding(edition, rule, "repeats.repaid", not who.loans_owing, owing=str(who.loans_owing))
    yield _finding(edition, rule, "repeats.overdue", not who.overdue_record)


def _other_loans(edition: Edition, who: Personal) -> Iterator[Finding]:
    """None but allowed kinds, of borrower and spouse; consumer loans up to an amount in all (R-ELI-5)."""
    if who.other_loans is None:
        return
    rule = edition.other_loans
    consumer = sum(loan.fen for loan in who.other_loans if loan.kind in rule.consumer)
    strange = [loan for loan in who.other_loans if loan.kind not in (*rule.allowed, *rule.consumer)]
    looked_at = [(loan.kind, loan.fen, loan.of) for loan in strange or who.other_loans]
    loans = {
        name: "; ".join(f"{in_words(of, spoken)} {in_words(kind, spoken)} {_shown(fen)}" for kind, fen, of in looked_at)
        or "-"
        for name, spoken in _SPOKEN
    }
    yield _finding(edition, rule, "other_loans.allowed", not strange and consumer <= rule.consumer_most, **loans)


_SPOKEN: tuple[tuple[str, Language], ...] = (("loans", "zh"), ("loans_en", "en"))


def _household(edition: Edition, applicant: Applicant) -> Iterator[Finding]:
    """Whose loans count is the household as civil affairs know it (R-ELI-5, domain.md §5.22)."""
    if applicant.marital is None:
        return
    figures = {"marital": applicant.marital, "spouse": "yes" if applicant.spouse else "no"}
    holds = (applicant.marital == "married") == applicant.spouse
    yield _finding(edition, edition.other_loans, "household.matches", holds, **figures)


def _business(edition: Edition, applicant: Applicant) -> Iterator[Finding]:
    """A business that the market regulator no longer knows as open borrows nothing (R-PRO-4: the figure is asked for; the rule is assumed)."""
    if applicant.business is None:
        return
    asked = edition.materials_for(applicant.kind)
    rule = asked.model_copy(update={"rule": "R-PRO-4", "confidence": "assumed"})
    holds = applicant.business == "in_business"
    yield _finding(edition, rule, "business.open", holds, business=applicant.business)


def _hiring(edition: Edition, applicant: Applicant) -> Iterator[Finding]:
    """At least the percentage of current staff, rounded up, at least one; exactly at the bound the smaller class (R-ELI-7, R-ELI-8)."""
    staff, hired = applicant.staff or 0, applicant.hired or 0
    ratio = max((r for r in edition.hire_ratios if staff > r.above or not r.above), key=lambda r: r.above)
    least = max(-(-staff * ratio.percent // 100), 1)
    shown = {"hired": str(hired), "staff": str(staff), "least": str(least), "percent": str(ratio.percent)}
    yield _finding(edition, ratio, "hire.ratio", hired >= least, **shown)
    counted = {"hired": str(hired), "staff": str(staff)}
    yield _finding(edition, ratio, "hire.counted", hired <= staff, **counted)
    yield _finding(edition, ratio, "hire.wages", not applicant.wages_owed)


def _package_asks(edition: Edition, applicant: Applicant) -> Iterator[Finding]:
    package = edition.package(applicant.product)
    match package.asks:
        case "partner":
            yield _finding(
                edition, package, "package.partner", applicant.qualified_partner, **_named("package", package)
            )
        case "degree":
            shown = _named("package", package) | {"degree": applicant.degree or "-"}
            yield _finding(edition, package, "package.degree", applicant.degree in DEGREES, **shown)
        case "family":
            shown = _named("package", package) | {"members": str(applicant.family_guarantors)}
            yield _finding(edition, package, "package.family", applicant.family_guarantors > 0, **shown)
        case "rating" | None:
            return


def _limit(edition: Edition, applicant: Applicant) -> Fen:
    """What a borrower of the kind may ask for; a partnership by its heads, but never beyond its own limit (R-LIM-3)."""
    limit = edition.limits[applicant.kind]
    if applicant.kind != "partnership" or limit.percent is None:
        return limit.most
    heads = min(applicant.partners + 1, limit.partners or applicant.partners + 1)
    return min(edition.limits["individual"].most * heads * limit.percent // 100, limit.most)


def _later(day: date, months: int) -> date:
    """As `add_months`, but no later than the last day there is: nonsense is refused by its rule, not by the calendar."""
    try:
        return add_months(day, months)
    except ValueError:
        return date.max


def _finding(edition: Edition, rule: Rule, code: str, holds: bool, **figures: str) -> Finding:
    cited = {"edition": edition.edition, "document": edition.document, **rule.cited}
    return Finding(rule=code, holds=holds, figures=figures, **cited)


def _named(figure: str, named: Named) -> dict[str, str]:
    """A name of the edition, in both languages."""
    return {figure: named.zh, f"{figure}_en": named.en}


def _shown(fen: Fen) -> str:
    whole, _, cents = yuan(fen).partition(".")
    return f"{int(whole):,}.{cents}"
