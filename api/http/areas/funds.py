"""The guarantee fund 担保基金: its capital, its suspensions, and its position by bank, county and level."""

from __future__ import annotations

from fastapi import APIRouter

from api.http.commands import command
from api.http.histories import thing
from api.http.reads import read_model
from api.http.things import FUND, LOAN
from domain.guarantee_fund.refusals import UnknownFund
from ledger import closing_books, funding
from projections import querying

router = APIRouter(tags=["Guarantee fund 担保基金"])
_OF = "/funds/{fund}"
_CASH = {"bank": "rural_commercial", "amount": "5000000.00", "bank_reference": "C-2025-1", "value_date": "2025-01-02"}

read_model(
    router, "/fund-positions", querying.projection("fund_position"), "listFundPositions", "Every fund's position"
)
thing(router, _OF, FUND, UnknownFund, "A fund with its method, capital and suspensions")
command(router, "/funds", funding.open_fund, FUND, opens=FUND)
command(router, f"{_OF}/methods", funding.adopt_method, FUND)
command(router, f"{_OF}/capital", funding.inject_capital, FUND, example=_CASH | {"level": "city"})
command(router, f"{_OF}/withdrawals", funding.withdraw_capital, FUND)
command(router, f"{_OF}/interest", funding.receive_interest, FUND, example=_CASH)
command(router, f"{_OF}/suspensions", funding.suspend_guarantees, FUND)
command(router, f"{_OF}/resumptions", funding.resume_guarantees, FUND)
command(router, f"{_OF}/watches", funding.watch_fund, FUND, example={})
command(router, f"{_OF}/closings", closing_books.close_period, FUND, example={"until": "2025-03-31"})
command(router, f"{_OF}/reopenings", closing_books.reopen_period, FUND)
command(router, "/loans/{loan_no}/reservation-lapses", funding.lapse_reservation, LOAN)
