"""`claim`: risk compensation from the filing to the last recovery 风险补偿、代偿与追偿."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer

from api.command_line.app import CLEAN, app, context_of, show
from api.command_line.applying import Day, day_of
from api.wiring import Installation
from domain.actor import parse_actor
from domain.errors import InvalidInput
from domain.money import parse_yuan
from ledger import claiming, compensating, recovering
from ledger.context import CommandContext

claim = typer.Typer(no_args_is_help=True, help="Claims 代偿案.")
app.add_typer(claim, name="claim")

Number = Annotated[str, typer.Argument(help="The claim's number.")]
Reason = Annotated[str, typer.Option(help="Why, in words.")]
Documents = Annotated[
    list[str] | None,
    typer.Option("--document", help="CODE=FILE (PDF, OFD, PNG or JPEG) or CODE=DIGEST; may be given again."),
]
Party = Annotated[str, typer.Argument(help="fund, bank or guarantor.")]
Bank = Annotated[str, typer.Option(help="The bank of the account.")]
Reference = Annotated[str, typer.Option(help="The bank's own number of the payment.")]
Second = Annotated[str, typer.Option("--with", help="The second person: ROLE:SUBJECT[@INSTITUTION].")]


@claim.command()
def file(
    context: typer.Context,
    number: Number,
    loan_no: Annotated[str, typer.Argument(help="The loan, more than 90 days overdue.")],
    document: Documents = None,
    excluded: Annotated[
        str, typer.Option(help="Penalty interest and costs that nobody covers, in yuan; known to the claim.")
    ] = "0.00",
    on: Day = None,
) -> int:
    """File a claim with its package 代偿申请."""

    def act(installation: Installation, made: CommandContext, day: date) -> None:
        command = claiming.FileClaim(
            loan_no=loan_no,
            claim_no=number,
            documents=_kept(installation, installation.ledger.loan(loan_no).contract.borrower, document or ()),
            excluded_fen=parse_yuan(excluded, field="--excluded"),
            value_date=day,
        )
        claiming.file_claim(installation.ledger, command, made)

    return _acted(context, number, on, act)


@claim.command("return")
def return_(
    context: typer.Context,
    number: Number,
    missing: Annotated[list[str], typer.Argument(help="Codes of documents that are missing or do not do.")],
    on: Day = None,
) -> int:
    """Return the materials for what is missing 退回补正."""
    return _told(context, number, on, claiming.return_materials, claiming.ReturnMaterials, {"missing": tuple(missing)})


@claim.command()
def resubmit(context: typer.Context, number: Number, document: Documents = None, on: Day = None) -> int:
    """Hand in what was missing 补正."""

    def act(installation: Installation, made: CommandContext, day: date) -> None:
        found = claiming.claim_of(installation.ledger, number)
        borrower = installation.ledger.loan(found.opening.loan_no).contract.borrower
        documents = _kept(installation, borrower, document or ())
        command = claiming.ResubmitClaim(claim_no=number, documents=documents, value_date=day)
        claiming.resubmit_claim(installation.ledger, command, made)

    return _acted(context, number, on, act)


@claim.command()
def verify(
    context: typer.Context,
    number: Number,
    principal: Annotated[str | None, typer.Option(help="Honoured principal in yuan; as claimed if left out.")] = None,
    interest: Annotated[str | None, typer.Option(help="Honoured interest in yuan; as claimed if left out.")] = None,
    deduct: Annotated[
        list[str] | None, typer.Option("--deduct", help="AMOUNT=REASON of what is not honoured; may be given again.")
    ] = None,
    on: Day = None,
) -> int:
    """Verify how much is honoured, as somebody else than who filed 核实."""
    said = {
        "principal_fen": parse_yuan(principal, field="--principal") if principal is not None else None,
        "interest_fen": parse_yuan(interest, field="--interest") if interest is not None else None,
        "deductions": tuple(
            claiming.Deduction(fen=parse_yuan(amount, field="--deduct"), reason=why)
            for amount, why in (pair(text, "--deduct") for text in deduct or ())
        ),
    }
    return _told(context, number, on, claiming.verify_claim, claiming.VerifyClaim, said)


@claim.command()
def dispute(context: typer.Context, number: Number, party: Party, reason: Reason, on: Day = None) -> int:
    """Dispute it in the name of a party; nothing is approved meanwhile 异议."""
    said = {"party": party, "reason": reason}
    return _told(context, number, on, claiming.dispute_claim, claiming.DisputeClaim, said)


@claim.command("settle-dispute")
def settle_dispute(
    context: typer.Context,
    number: Number,
    outcome: Annotated[str, typer.Argument(help="upheld (verify anew) or dismissed.")],
    reason: Reason,
    on: Day = None,
) -> int:
    """Settle a dispute 异议处理."""
    said = {"outcome": outcome, "reason": reason}
    return _told(context, number, on, claiming.settle_dispute, claiming.SettleDispute, said)


@claim.command()
def confirm(context: typer.Context, number: Number, party: Party, on: Day = None) -> int:
    """Confirm a party's own share 确认分担."""
    return _told(context, number, on, claiming.confirm_share, claiming.ConfirmShare, {"party": party})


@claim.command()
def endorse(
    context: typer.Context,
    number: Number,
    office: Annotated[str, typer.Argument(help="hr, finance or pboc, as the fund's method names them.")],
    on: Day = None,
) -> int:
    """Endorse it for an office, as somebody who has had no part in it 会签."""
    return _told(context, number, on, claiming.endorse_claim, claiming.EndorseClaim, {"office": office})


@claim.command()
def reject(
    context: typer.Context,
    number: Number,
    reason: Reason,
    ground: Annotated[str, typer.Option(help="guarantor_released, misuse_known or other.")] = "other",
    on: Day = None,
) -> int:
    """Reject it 驳回."""
    said = {"ground": ground, "reason": reason}
    return _told(context, number, on, claiming.reject_claim, claiming.RejectClaim, said)


@claim.command()
def withdraw(context: typer.Context, number: Number, reason: Reason, on: Day = None) -> int:
    """Withdraw it, in the name of the bank 撤回."""
    return _told(context, number, on, claiming.withdraw_claim, claiming.WithdrawClaim, {"reason": reason})


@claim.command()
def pay(
    context: typer.Context,
    number: Number,
    party: Party,
    reference: Reference,
    bank: Annotated[str | None, typer.Option(help="The bank of the account; the loan's own if left out.")] = None,
    on: Day = None,
) -> int:
    """Pay a party's share by the scheme's route 代偿支付."""
    said = {"party": party, "bank": bank, "bank_reference": reference}
    return _told(context, number, on, compensating.pay_share, compensating.PayShare, said)


@claim.command()
def recover(
    context: typer.Context,
    number: Number,
    gross: Annotated[str, typer.Argument(help="What came in, in yuan.")],
    bank: Bank,
    reference: Reference,
    cost: Annotated[str, typer.Option(help="The costs of enforcement, in yuan.")] = "0.00",
    by: Annotated[
        str | None, typer.Option("--by", help="The party that holds the money; the guarantor, or else the bank.")
    ] = None,
    on: Day = None,
) -> int:
    """Record what came back: costs first, the net shared 追偿到账."""
    said = {
        "gross_fen": parse_yuan(gross, field="gross"),
        "cost_fen": parse_yuan(cost, field="--cost"),
        "bank": bank,
        "bank_reference": reference,
        "collected_by": by,
    }
    return _told(context, number, on, recovering.record_recovery, recovering.RecordRecovery, said)


@claim.command()
def remit(
    context: typer.Context,
    number: Number,
    party: Party,
    payee: Annotated[str, typer.Argument(help="fund, bank, guarantor or borrower.")],
    amount: Annotated[str, typer.Argument(help="In yuan; at most what is held for the payee.")],
    bank: Bank,
    reference: Reference,
    on: Day = None,
) -> int:
    """Pass on what belongs to another 分配划付."""
    said = {
        "party": party,
        "payee": payee,
        "amount_fen": parse_yuan(amount),
        "bank": bank,
        "bank_reference": reference,
    }
    return _told(context, number, on, recovering.remit_recovery, recovering.RemitRecovery, said)


@claim.command("reverse-recovery")
def reverse_recovery(
    context: typer.Context,
    number: Number,
    version: Annotated[int, typer.Argument(help="The recovery's version in the stream (`replay claim/NUMBER`).")],
    reason: Reason,
    second: Second,
    on: Day = None,
) -> int:
    """Take a recovery back, with a second person 追偿冲正."""
    said = {"version": version, "reason": reason, "confirmed_by": parse_actor(second)}
    return _told(context, number, on, recovering.reverse_recovery, recovering.ReverseRecovery, said)


@claim.command("take-over")
def take_over(
    context: typer.Context,
    number: Number,
    asset: Annotated[str, typer.Argument(help="A code for the asset.")],
    value: Annotated[str, typer.Argument(help="What it is worth, in yuan, as evidence shows.")],
    reason: Reason,
    second: Second,
    evidence: Annotated[list[str], typer.Option("--evidence", help="A file or a digest; may be given again.")],
    by: Annotated[
        str | None, typer.Option("--by", help="The party that holds it; the guarantor, or else the bank.")
    ] = None,
    on: Day = None,
) -> int:
    """Take an asset over for what is owed, with a second person; shared as a recovery of its value 以物抵债."""

    def act(installation: Installation, made: CommandContext, day: date) -> None:
        found = claiming.claim_of(installation.ledger, number)
        borrower = installation.ledger.loan(found.opening.loan_no).contract.borrower
        command = recovering.TakeOverAsset(
            claim_no=number,
            asset=asset,
            value_fen=parse_yuan(value, field="value"),
            reason=reason,
            evidence=tuple(_digest(installation, borrower, given) for given in evidence),
            collected_by=by,
            confirmed_by=parse_actor(second),
            value_date=day,
        )
        recovering.take_over_asset(installation.ledger, command, made)

    return _acted(context, number, on, act)


@claim.command()
def sell(
    context: typer.Context,
    number: Number,
    asset: Annotated[str, typer.Argument(help="The asset's code.")],
    gross: Annotated[str, typer.Argument(help="What it was sold for, in yuan.")],
    bank: Bank,
    reference: Reference,
    cost: Annotated[str, typer.Option(help="The costs of selling, in yuan.")] = "0.00",
    on: Day = None,
) -> int:
    """Record the sale of an asset; what it brought more or less than its value is shared, too 抵债资产处置."""
    said = {
        "asset": asset,
        "gross_fen": parse_yuan(gross, field="gross"),
        "cost_fen": parse_yuan(cost, field="--cost"),
        "bank": bank,
        "bank_reference": reference,
    }
    return _told(context, number, on, recovering.sell_asset, recovering.SellAsset, said)


@claim.command("write-off")
def write_off(
    context: typer.Context,
    number: Number,
    party: Party,
    reason: Reason,
    second: Second,
    amount: Annotated[str | None, typer.Option(help="In yuan; all that is outstanding if left out.")] = None,
    evidence: Annotated[
        list[str] | None, typer.Option("--evidence", help="A file or a digest; may be given again.")
    ] = None,
    on: Day = None,
) -> int:
    """Write a party's rest off, with evidence and a finance officer; the claim stays on file 核销."""

    def act(installation: Installation, made: CommandContext, day: date) -> None:
        found = claiming.claim_of(installation.ledger, number)
        borrower = installation.ledger.loan(found.opening.loan_no).contract.borrower
        command = recovering.WriteOffShare(
            claim_no=number,
            party=party,
            amount_fen=parse_yuan(amount, field="--amount") if amount is not None else None,
            reason=reason,
            evidence=tuple(_digest(installation, borrower, given) for given in evidence or ()),
            approved_by=parse_actor(second),
            value_date=day,
        )
        recovering.write_off_share(installation.ledger, command, made)

    return _acted(context, number, on, act)


@claim.command("show")
def show_(context: typer.Context, number: Number) -> int:
    """How a claim stands, and who has to act next 查看."""
    with Installation(context.obj) as installation:
        return _standing(installation, number)


def _told(
    context: typer.Context,
    number: str,
    on: str | None,
    use_case: Callable[..., object],
    kind: Any,
    said: dict[str, Any],
) -> int:
    """A command that says only what is asked for on the line."""

    def act(installation: Installation, made: CommandContext, day: date) -> None:
        use_case(installation.ledger, kind.model_validate({"claim_no": number, "value_date": day, **said}), made)

    return _acted(context, number, on, act)


def _acted(
    context: typer.Context, number: str, on: str | None, act: Callable[[Installation, CommandContext, date], None]
) -> int:
    """Do it, and show how the claim stands then."""
    made = context_of(context.obj)
    with Installation(context.obj) as installation:
        act(installation, made, day_of(on, made.moment))
        return _standing(installation, number)


def _standing(installation: Installation, number: str) -> int:
    show(installation.settings, dict(claiming.claim_of(installation.ledger, number).state()))
    return CLEAN


def _kept(installation: Installation, borrower: UUID | None, documents: Sequence[str]) -> dict[str, str]:
    """Digests by code."""
    pairs = (pair(text, "--document") for text in documents)
    return {code: _digest(installation, borrower, given) for code, given in pairs}


def _digest(installation: Installation, borrower: UUID | None, given: str) -> str:
    """A digest as it is; a file is kept under the borrower's key first. Raises MaterialUnreadable, MaterialRefused, InvalidInput."""
    if re.fullmatch("[0-9a-f]{64}", given):
        return given
    if borrower is None:
        problem = "the loan names no borrower under whose key a file could be kept"
        raise InvalidInput(field="--document", problem=problem, expected="the SHA-256 of the document")
    return installation.desk.materials.take_file(Path(given), installation.keystore.key(borrower)).digest


def pair(text: str, field: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name or not value:
        raise InvalidInput(field=field, problem=f"{text[:40]!a} has no =", expected="NAME=VALUE")
    return name, value
