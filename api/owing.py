"""What a loan owes 应还与结清: on a day, by what it is, with what pays it off and what is still to come; the same by every way in."""

from __future__ import annotations

from datetime import date
from typing import Any

from domain.loan.ageing import ageing, category
from domain.loan.loan import Loan
from domain.money import yuan


def owing(loan: Loan, day: date) -> dict[str, Any]:
    """By the facts that the loan was told; `payoff` pays everything if it is paid on the day."""
    owed, overdue = loan.owed(day), loan.overdue(day)
    matures_on = loan.matures_on
    return {
        "loan_no": loan.contract.loan_no,
        "on": day.isoformat(),
        "status": loan.status(day),
        "costs": yuan(owed.costs),
        "penalty": yuan(owed.penalty),
        "overdue_interest": yuan(owed.overdue_interest),
        "overdue_principal": yuan(owed.overdue_principal),
        "due_interest": yuan(owed.due_interest),
        "due_principal": yuan(owed.due_principal),
        "accrued_interest": yuan(owed.accrued),
        "principal_to_come": yuan(owed.future),
        "oldest_due": owed.oldest_due.isoformat() if owed.oldest_due else None,
        "overdue_days": overdue.days,
        "ageing": ageing(overdue.days),
        "category": category(overdue.days),
        "matures_on": matures_on.isoformat() if matures_on else None,
        "payoff": yuan(owed.everything),
        "refundable": yuan(owed.refundable),
        "instalments": [
            {
                "due": row.due.isoformat(),
                "principal": yuan(row.principal),
                "interest": yuan(row.interest),
                "balance": yuan(row.balance),
            }
            for row in loan.coming(day)
        ],
    }
