"""The subsidy of a loan's quarter as page data 贴息测算: every stretch of days in words, what it comes to, and which level bears it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from domain.money import yuan
from domain.subsidy.explaining import explained
from domain.subsidy.method import SubsidyMethod
from ledger.desk import Desk
from ledger.subsidising import calculated, quarter_of


def worked_out(desk: Desk, method: SubsidyMethod, loan_no: str, quarter: str, today: date) -> dict[str, Any]:
    """By all that is known now; nothing is recorded. Raises InvalidInput and what `calculated` refuses."""
    found = calculated(desk.ledger, desk.book, method, loan_no, quarter_of(quarter), today)
    subsidy = found.subsidy
    return {
        "loan_no": loan_no,
        "quarter": quarter,
        "from": found.first.isoformat(),
        "to": (found.until - timedelta(days=1)).isoformat(),
        "method": method.method,
        "regime": found.formula.regime,
        "rule": found.formula.rule,
        "source": found.formula.source,
        "confidence": found.formula.confidence,
        "lpr": str(found.lpr),
        "lines": [explained(span, found.formula, found.lpr) for span in found.spans],
        "interest": yuan(subsidy.interest),
        "subsidy": yuan(subsidy.subsidy),
        "borrower": yuan(subsidy.borrower),
        "shared": yuan(subsidy.shared),
        "local": yuan(subsidy.local),
        "levels": {level: yuan(fen) for level, fen in method.levels.divide(subsidy.shared, subsidy.local).items()},
    }
