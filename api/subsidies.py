"""Subsidies as page data 贴息: a loan's quarter with every stretch of days in words, a batch's lines, and lines that grant too much."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from psycopg import Connection

from domain.money import yuan
from domain.state import replayed
from domain.subsidy.batch import SubsidyBatch
from domain.subsidy.explaining import explained, told_of
from domain.subsidy.method import SubsidyMethod
from domain.subsidy.refusals import UnknownBatch
from ledger.desk import Desk
from ledger.granting import overpaid
from ledger.subsidising import calculated, quarter_of
from projections import log


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


def batch_lines(facts: Connection[Any], batch: str, known_at: int | None, loan_no: str | None = None) -> dict[str, Any]:
    """A batch as known at a position, each line in words, or those of one loan. Raises UnknownBatch."""
    told = [row.fact for row in log.stream(facts, SubsidyBatch.create_id(batch), known_at)]
    found: SubsidyBatch | None = replayed(told)
    if found is None:
        raise UnknownBatch(field="batch", batch=ascii(batch[:120])[1:-1])
    lines = [told_of(line) for line in found.standing.values() if loan_no in (None, line.loan_no)]
    return {**found.state(), "lines": lines}


def overpaid_lines(desk: Desk, fund: str, bank: str) -> dict[str, Any]:
    """Lines of approved batches that grant too much by all that is known now 多贴清单. Raises UnknownSubsidyFund."""
    rows = [
        {
            "batch": one.batch,
            "loan_no": one.loan_no,
            "quarter": one.quarter,
            "granted": yuan(one.granted),
            "should_be": yuan(one.should_be),
            "excess": yuan(one.excess),
        }
        for one in overpaid(desk, fund, bank)
    ]
    return {"fund": fund, "bank": bank, "lines": rows}
