"""`application`: reviews, counter-guarantees, decision and contract 审核、反担保、审批与签约."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Any

import typer

from api.command_line.applying import Case, Day, acted, application, read_json
from api.wiring import Installation
from domain.calendar import parse_day
from domain.errors import InvalidInput
from domain.money import parse_yuan
from ledger import approving, reviewing
from ledger.looking_up import Shown
from ledger.registering import Newcomers, Person

_REVIEWS: dict[str, tuple[type[reviewing.MakeReview], Any]] = {
    "eligibility": (reviewing.ReviewEligibility, reviewing.review_eligibility),
    "guarantee": (reviewing.ReviewGuarantee, reviewing.review_guarantee),
    "credit": (reviewing.ReviewCredit, reviewing.review_credit),
}

Degree = Annotated[str | None, typer.Option(help="A degree that was shown, e.g. bachelor.")]
Graduated = Annotated[str | None, typer.Option("--graduated-on", help="The day of graduation that was shown.")]
Born = Annotated[
    list[str] | None,
    typer.Option(
        "--born",
        help="A birthday that was shown because no ID number says it, YYYY-MM-DD:male or :female; of partner N, N:YYYY-MM-DD:male.",
    ),
]
Condition = Annotated[
    list[str] | None, typer.Option("--condition", help="What has to be so for the loan, in words; may be given again.")
]
Rating = Annotated[str | None, typer.Option(help="The bank's credit rating.")]


@application.command()
def review(
    context: typer.Context,
    case: Case,
    which: Annotated[str, typer.Argument(help="eligibility, guarantee or credit.")],
    reject: Annotated[bool, typer.Option("--reject", help="Refuse; needs a note where every rule holds.")] = False,
    note: Annotated[str | None, typer.Option(help="In words.")] = None,
    most: Annotated[str | None, typer.Option(help="The most that this institution allows, in yuan.")] = None,
    margin_bp: Annotated[int | None, typer.Option("--margin-bp", help="Credit: basis points over the LPR.")] = None,
    condition: Condition = None,
    rating: Rating = None,
    degree: Degree = None,
    graduated_on: Graduated = None,
    born: Born = None,
    post: Annotated[str, typer.Option(help="worker or cadre: which retirement age a woman has.")] = "worker",
    on: Day = None,
) -> int:
    """Make one of the three parallel reviews, in the name of --as 并联审核."""
    if which not in _REVIEWS:
        known = ", ".join(_REVIEWS)
        raise InvalidInput(field="which", problem=f"{which[:40]!a} is no review", expected=f"one of: {known}")
    kind, use_case = _REVIEWS[which]

    def act(installation: Installation, made: Any, day: date) -> None:
        said: dict[str, Any] = {"case_no": case, "note": note, "value_date": day, "shown": shown}
        said |= {"conditions": condition or ()}
        said |= {"outcome": "rejected"} if reject else {}
        extra = {"most_fen": parse_yuan(most, field="--most", zero=False) if most else None, "margin_bp": margin_bp}
        said |= {name: value for name, value in extra.items() if value is not None}
        use_case(installation.desk, kind.model_validate(said), made)

    shown = {
        "degree": degree,
        "rating": rating,
        "post": post,
        "births": [_birth(text) for text in born or ()],
        "graduated_on": parse_day(graduated_on, field="--graduated-on") if graduated_on else None,
    }
    return acted(context, case, on, act)


def _birth(text: str) -> dict[str, Any]:
    """Raises InvalidInput."""
    said = _BIRTH.fullmatch(text)
    if said is None:
        expected = "YYYY-MM-DD:male or YYYY-MM-DD:female, of partner N with N: before it"
        raise InvalidInput(field="--born", problem=f"{text[:40]!a} is no birthday", expected=expected)
    return said.groupdict() | {"born": parse_day(said["born"], field="--born")}


_BIRTH = re.compile(r"((?P<partner>[1-9][0-9]?):)?(?P<born>[0-9-]{10}):(?P<sex>male|female)", re.ASCII)


@application.command("counter-guarantee")
def counter_guarantee(
    context: typer.Context,
    case: Case,
    form: Annotated[str, typer.Argument(help="Its form, as the edition names it (`policy show`).")],
    person: Annotated[str | None, typer.Option(help="Who stands: a JSON file with name and id_number.")] = None,
    member: Annotated[bool, typer.Option("--member", help="Somebody of the household 亲情贷.")] = False,
    value: Annotated[str | None, typer.Option(help="What stands, in yuan.")] = None,
    material: Annotated[str | None, typer.Option("--from", help="The digest of its document.")] = None,
    on: Day = None,
) -> int:
    """Register a counter-guarantee 反担保登记."""

    def act(installation: Installation, made: Any, day: date) -> None:
        desk = installation.desk
        named = Newcomers(desk.keystore, day)
        standing = named.pseudonym(Person.model_validate(read_json(person))) if person is not None else None
        command = reviewing.RegisterCounterGuarantee(
            case_no=case,
            form=form,
            person=standing,
            member=member,
            value_fen=parse_yuan(value, field="--value", zero=False) if value else None,
            material=material,
            value_date=day,
        )
        reviewing.register_counter_guarantee(desk, command, made, named)

    return acted(context, case, on, act)


@application.command()
def waive(
    context: typer.Context,
    case: Case,
    rating: Rating = None,
    degree: Degree = None,
    graduated_on: Graduated = None,
    on: Day = None,
) -> int:
    """Waive the counter-guarantee where a rule says so 免除反担保."""

    def act(installation: Installation, made: Any, day: date) -> None:
        graduated = parse_day(graduated_on, field="--graduated-on") if graduated_on else None
        shown = Shown(rating=rating, degree=degree, graduated_on=graduated)
        command = reviewing.WaiveCounterGuarantee(case_no=case, shown=shown, value_date=day)
        reviewing.waive_counter_guarantee(installation.desk, command, made)

    return acted(context, case, on, act)


@application.command()
def release(
    context: typer.Context,
    case: Case,
    version: Annotated[int, typer.Argument(help="The registration's version in the stream (`replay`).")],
    reason: Annotated[str, typer.Option(help="Why.")],
    on: Day = None,
) -> int:
    """Release a counter-guarantee 解除反担保."""

    def act(installation: Installation, made: Any, day: date) -> None:
        command = reviewing.ReleaseCounterGuarantee(case_no=case, version=version, reason=reason, value_date=day)
        reviewing.release_counter_guarantee(installation.desk, command, made)

    return acted(context, case, on, act)


@application.command()
def approve(
    context: typer.Context,
    case: Case,
    amount: Annotated[str | None, typer.Option(help="In yuan; as much as was reviewed if left out.")] = None,
    months: Annotated[int | None, typer.Option(help="The term; as asked for if left out.")] = None,
    fund: Annotated[str, typer.Option(help="The guarantee fund that reserves its share.")] = approving.FUND,
    condition: Condition = None,
    on: Day = None,
) -> int:
    """Approve it, as somebody who made none of the reviews 审批通过."""

    def act(installation: Installation, made: Any, day: date) -> None:
        fen = parse_yuan(amount, field="--amount", zero=False) if amount else None
        command = approving.ApproveApplication(
            case_no=case, amount_fen=fen, months=months, fund=fund, conditions=tuple(condition or ()), value_date=day
        )
        approving.approve_application(installation.desk, command, made)

    return acted(context, case, on, act)


@application.command()
def reject(
    context: typer.Context,
    case: Case,
    reason: Annotated[str | None, typer.Option(help="In words; what the reviews found is told in any case.")] = None,
    on: Day = None,
) -> int:
    """Refuse it, with every reason 不予通过."""

    def act(installation: Installation, made: Any, day: date) -> None:
        command = approving.RejectApplication(case_no=case, reason=reason, value_date=day)
        approving.reject_application(installation.desk, command, made)

    return acted(context, case, on, act)


@application.command()
def expire(context: typer.Context, case: Case, on: Day = None) -> int:
    """Let an unused approval, or one whose correction never came, lapse 失效."""

    def act(installation: Installation, made: Any, day: date) -> None:
        approving.expire_application(installation.desk, approving.ExpireApplication(case_no=case, value_date=day), made)

    return acted(context, case, on, act)


@application.command()
def sign(
    context: typer.Context,
    case: Case,
    loan_no: Annotated[str, typer.Argument(help="The number of the contract.")],
    method: Annotated[
        str,
        typer.Option(
            help="equal_instalment 等额本息, equal_principal 等额本金, interest_only 按期付息到期还本 or bullet 到期一次还本付息."
        ),
    ] = "equal_instalment",
    every: Annotated[int, typer.Option(help="Months that an instalment is for.")] = 1,
    due_day: Annotated[int | None, typer.Option(help="The day of the month on which it falls due, such as 20.")] = None,
    first_due: Annotated[
        str | None, typer.Option(help="The first due day, such as the 20th of a quarter's last month.")
    ] = None,
    on: Day = None,
) -> int:
    """Sign the contract of an approved application; the loan begins 签订合同."""

    first = parse_day(first_due, field="--first-due") if first_due else None

    def act(installation: Installation, made: Any, day: date) -> None:
        command = approving.SignApproved(
            case_no=case, loan_no=loan_no, method=method, every=every, due_day=due_day, first_due=first, value_date=day
        )
        approving.sign_approved(installation.desk, command, made)

    return acted(context, case, on, act)
