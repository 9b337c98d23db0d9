"""An installation on a fresh database, its API answered in process, and its projections kept by a worker."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from api.http.app import create_app
from api.wiring import Installation
from ledger.approving import FUND
from ledger.context import CommandContext
from ledger.publishing import ensure_shipped
from tests.api.http.calling import Caller
from tests.api.http.installing import client_of, copied, installed, kept_up_to_date
from tests.funds import open_with_capital


@pytest.fixture(scope="session")
def still(server: str, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """The API of an empty ledger, for what is refused and so leaves it empty."""
    with copied(server, template, tmp_path_factory.mktemp("still")) as opened, client_of(create_app(opened)) as client:
        yield client


@pytest.fixture
def installation(database: str, server: str, tmp_path: Path) -> Iterator[Installation]:
    with installed(server, database, tmp_path) as opened:
        yield opened


@pytest.fixture
def application(installation: Installation) -> FastAPI:
    return create_app(installation)


@pytest.fixture
def client(application: FastAPI) -> Iterator[TestClient]:
    with client_of(application) as opened:
        yield opened


@pytest.fixture
def call(client: TestClient) -> Caller:
    return Caller(client)


@pytest.fixture
def policy(installation: Installation, context: CommandContext) -> None:
    """What ships is published, and the guarantee fund is open."""
    ensure_shipped(installation.ledger, context)
    open_with_capital(installation.ledger, context.moment, FUND)


@pytest.fixture
def working(installation: Installation) -> Iterator[None]:
    """Projections are kept up to date."""
    with kept_up_to_date(installation):
        yield
