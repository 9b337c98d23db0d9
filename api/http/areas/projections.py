"""Projections 投影: every read model under its own name."""

from __future__ import annotations

from fastapi import APIRouter

from api.http.commands import operation_id
from api.http.reads import read_model
from projections import querying

router = APIRouter(tags=["Projections 投影"], prefix="/projections")

for asked in querying.ALL:
    words = asked.name.replace("_", " ")
    read_model(router, f"/{asked.name}", asked, operation_id(f"query_{asked.name}"), f"The {words}")
