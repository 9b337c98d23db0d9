"""What becomes of running loans in the demonstration 贷后变更演示: extended, another rate, another plan, misused, put right, and more."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, TypeAlias

from api.demo.scene import GUARANTOR, Life
from domain.actor import Actor
from domain.frozen import Frozen
from domain.loan.loan import Loan
from domain.loan.schedule import Instalment
from domain.money import Fen
from ledger import altering, compensating, correcting, repaying

if TYPE_CHECKING:
    from api.demo.playing import Player

Act: TypeAlias = Callable[["Player", Life, Instalment], None]
"""What happens at a loan's middle instalment, of which the ones before are paid."""


def changing(act: Act) -> Callable[[Player, Life, list[Instalment]], None]:
    """The fate of a loan that is paid as agreed up to its middle, where something happens, and then as agreed by then."""

    def play(player: Player, life: Life, due: list[Instalment]) -> None:
        for row in due[: len(due) // 2]:
            player.pay(life, row)
        if due:
            act(player, life, due[len(due) // 2])
            pay_on(player, life, due[len(due) // 2].due)

    return play


def pay_on(player: Player, life: Life, after: date) -> None:
    """Everything that falls due after a day, up to today, by what the contract is then; what is overdue with the first of it."""
    for row in player.ledger.loan(life.loan_no).coming(after):
        if row.due < player.moment.today and not player.ledger.loan(life.loan_no).is_ended:
            player.pay(life, row)


def two(life: Life, reason: str) -> dict[str, Any]:
    second = Actor(subject="supervisor", role="bank_supervisor", institution=life.bank, region=life.county)
    return {"reason": reason, "confirmed_by": second}


def shown(life: Life, what: str) -> dict[str, Any]:
    return {"evidence": [hashlib.sha256(f"{life.loan_no} {what}".encode()).hexdigest()]}


def _tell(player: Player, life: Life, use_case: Any, command: type[Frozen], day: date, said: Mapping[str, Any]) -> None:
    given = {"loan_no": life.loan_no, "value_date": day, **said}
    use_case(player.ledger, command.model_validate(given), player.by(life, "bank_officer", life.bank))


def _pay(player: Player, life: Life, fen: Fen, day: date, **more: Any) -> int:
    version = player.ledger.loan(life.loan_no).version + 1
    said = {"loan_no": life.loan_no, "amount_fen": fen, "value_date": day, **more}
    payment = repaying.RecordRepayment(bank_reference=f"R-{life.loan_no}-{version}", **said)
    repaying.record_repayment(player.ledger, payment, player.by(life, "bank_officer", life.bank))
    return version


def _due_now(player: Player, life: Life, day: date) -> Fen:
    owed = _loan(player, life).owed(day)
    return owed.everything - owed.future - owed.accrued


def _loan(player: Player, life: Life) -> Loan:
    return player.ledger.loan(life.loan_no)


def _consent(life: Life) -> dict[str, Any]:
    return {
        "consented_by": Actor(subject="consent", role="guarantor_officer", institution=GUARANTOR, region=life.county)
    }


def _extended(player: Player, life: Life, row: Instalment, *, consented: bool = True) -> None:
    """By a year, or as many months as make whole instalments, a week before the instalment."""
    months, day = 12 // life.terms.every * life.terms.every, row.due - timedelta(days=7)
    if not months or _loan(player, life).is_ended:
        return
    said = {
        "months": months,
        **two(life, "受灾减收 a flood took the harvest"),
        **shown(life, "flood"),
        **(_consent(life) if consented else {}),
    }
    _tell(player, life, altering.extend_loan, altering.ExtendLoan, day, said)
    pay_on(player, life, day)


def _released(player: Player, life: Life, row: Instalment) -> None:
    """Nobody asked the guarantor."""
    _extended(player, life, row, consented=False)


def _rate(player: Player, life: Life, row: Instalment) -> None:
    """A quarter of a percent less from the last instalment on, told after the payment that it should have been of."""
    player.pay(life, row)
    lower = life.terms.annual_rate - life.terms.annual_rate / 16
    day = max(life.disbursed_on, row.due - timedelta(days=30))
    if not _loan(player, life).is_ended:
        said = {"annual_rate": f"{lower:.6f}", **two(life, "LPR 下调 the LPR has fallen"), **shown(life, "LPR")}
        _tell(player, life, altering.reset_rate, altering.ResetRate, day, said)


def _restructured(player: Player, life: Life, row: Instalment) -> None:
    """The same principal every month, for three months more."""
    if life.terms.method == "bullet":
        player.pay(life, row)
        return
    said = {"instalments": life.terms.instalments + 3, "method": "equal_principal"}
    said |= {**two(life, "按月等额本金 equal principal"), **shown(life, "plan"), **_consent(life)}
    _tell(player, life, altering.restructure_loan, altering.RestructureLoan, row.due - timedelta(days=7), said)
    pay_on(player, life, row.due - timedelta(days=7))


def _misused(player: Player, life: Life, row: Instalment) -> None:
    """A visit finds that the money bought a car two months ago."""
    found = {"bank_knew": False, **two(life, "购车 it bought a car"), **shown(life, "visit")}
    _tell(
        player, life, altering.find_misuse, altering.FindMisuse, max(life.disbursed_on, row.due - timedelta(60)), found
    )
    player.pay(life, row)


def _refunded(player: Player, life: Life, row: Instalment) -> None:
    """Pays everything and a hundred yuan, and gets them back."""
    everything = _loan(player, life).owed(row.due).everything
    _pay(player, life, everything + 100_00, row.due)
    back = {"amount_fen": 100_00, "bank_reference": f"B-{life.loan_no}"}
    _tell(player, life, altering.refund, altering.Refund, row.due, back)


def _ahead(choice: str) -> Act:
    def pay(player: Player, life: Life, row: Instalment) -> None:
        """A fifth of the principal to come with the instalment."""
        owed = _loan(player, life).owed(row.due)
        _pay(player, life, owed.everything - owed.future + owed.future // 5 or 1, row.due, prepayment=choice)

    return pay


def _died(player: Player, life: Life, row: Instalment) -> None:
    """The family goes on paying."""
    _tell(player, life, altering.report_death, altering.ReportDeath, row.due - timedelta(days=9), shown(life, "record"))
    player.pay(life, row)


def _closed(player: Player, life: Life, row: Instalment) -> None:
    """The shop closes; the borrower goes on paying out of wages."""
    day = row.due - timedelta(days=9)
    _tell(player, life, altering.report_closure, altering.ReportClosure, day, shown(life, "deregistration"))
    player.pay(life, row)


def _waived(player: Player, life: Life, row: Instalment) -> None:
    """Three weeks late because of the bank, which does without the penalty."""
    day = row.due + timedelta(days=21)
    if day >= player.moment.today or not (penalty := _loan(player, life).owed(day).penalty):
        return
    said = {
        "part": "penalty",
        "amount_fen": penalty,
        **two(life, "我行原因 the bank's fault"),
        **shown(life, "ticket"),
    }
    _tell(player, life, correcting.waive, correcting.Waive, day, said)
    _pay(player, life, _due_now(player, life, day), day)


def _redated(player: Player, life: Life, row: Instalment) -> None:
    """Paid on its day, recorded of ten days later when the bank's system worked again, and put right."""
    day = row.due + timedelta(days=10)
    fen = _due_now(player, life, row.due)
    if day >= player.moment.today or not fen:
        return
    version = _pay(player, life, fen, day)
    said = {"version": version, **two(life, "系统故障 the system was down"), **shown(life, "slip")}
    _tell(player, life, correcting.correct_date, correcting.CorrectDate, row.due, said)


def _costs(player: Player, life: Life, row: Instalment) -> None:
    """Overdue for two months, a letter from a notary, and then everything due is paid."""
    day = row.due + timedelta(days=60)
    if day >= player.moment.today:
        return
    player.notice(life, row.due + timedelta(days=12))
    said = {"amount_fen": 300_00, "reason": "公证催收 a notary's letter", **shown(life, "bill")}
    _tell(player, life, correcting.charge_cost, correcting.ChargeCost, row.due + timedelta(days=45), said)
    _pay(player, life, _due_now(player, life, day), day)
    player.notice(life, day)


def _mistaken(player: Player, life: Life, row: Instalment) -> None:
    """A bill of another borrower's, taken back the next day."""
    player.pay(life, row)
    loan = _loan(player, life)
    day = row.due + timedelta(days=2)
    if loan.is_ended or day >= player.moment.today:
        return
    said = {"amount_fen": 200_00, "reason": "律师函 a lawyer's letter", **shown(life, "bill")}
    _tell(player, life, correcting.charge_cost, correcting.ChargeCost, row.due + timedelta(days=1), said)
    back = {"version": loan.version + 1, **two(life, "记错借款人 another borrower's"), **shown(life, "mistake")}
    _tell(player, life, repaying.reverse_repayment, repaying.ReverseRepayment, day, back)


def _given_up(player: Player, life: Life, row: Instalment) -> None:
    """The bank gives half of it up; what is left is paid at once, and some of the loss after all."""
    day, loan = row.due + timedelta(days=30), _loan(player, life)
    if day >= player.moment.today or loan.outstanding < 2:
        return
    lost = {"amount_fen": loan.outstanding // 2}
    _tell(player, life, compensating.charge_off, compensating.ChargeOff, row.due + timedelta(days=20), lost)
    _pay(player, life, _loan(player, life).owed(day).everything + lost["amount_fen"] // 3, day)


ACTS: Mapping[str, Act] = {
    "extended": _extended,
    "released": _released,
    "rate": _rate,
    "restructured": _restructured,
    "misused": _misused,
    "refunded": _refunded,
    "shortened": _ahead("shorten"),
    "lowered": _ahead("lower"),
    "died": _died,
    "closed": _closed,
    "waived": _waived,
    "redated": _redated,
    "costs": _costs,
    "mistaken": _mistaken,
    "given_up": _given_up,
}
