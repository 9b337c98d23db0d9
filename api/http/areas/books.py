"""The books 账簿: the general ledger line by line, and the trial balance."""

from __future__ import annotations

from fastapi import APIRouter

from api.http.reads import read_model
from projections import querying

router = APIRouter(tags=["Books 账簿"])

read_model(
    router, "/general-ledger", querying.projection("general_ledger"), "listPostings", "The general ledger, line by line"
)
read_model(router, "/trial-balance", querying.projection("trial_balance"), "listTrialBalance", "The trial balance")
