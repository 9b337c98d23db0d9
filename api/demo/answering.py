"""The outside systems of the demonstration 数据共享演示: they answer about made-up persons, and sometimes they do not."""

from __future__ import annotations

import json

from api.demo.asking import HIRED, STAFF
from ledger.outside import OutsideProblem, Request

LATE_EVERY = 4


class Answering:
    """Everybody is single and owes nothing; civil affairs is late with every fourth person."""

    def ask(self, request: Request) -> bytes:
        match request.source:
            case "civil_affairs":
                if int(request.id_number[14:17]) % LATE_EVERY == 0:
                    raise OutsideProblem("late", "no answer within 10 s")
                return _said(id_number=request.id_number, marital="single")
            case "credit_registry":
                return _said(id_number=request.id_number, overdue=False)
            case "market_regulator":
                if request.credit_code is None:
                    raise OutsideProblem("refused", "there is nobody to ask about")
                return _said(credit_code=request.credit_code, status="in_business", staff=STAFF, hired=HIRED)


def _said(**answer: object) -> bytes:
    return json.dumps(answer).encode()
