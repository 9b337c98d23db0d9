"""Settings 设置: what the environment and the global options say."""

from __future__ import annotations

import locale
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from eventsourcing.utils import strtobool

from domain.actor import LOCAL_OPERATOR, Actor
from domain.errors import InvalidInput, Language
from ledger.store import LossyFunctions


@dataclass(frozen=True)
class Settings:
    """`database_url` selects a server in place of the embedded one; `keystore_url` a keystore apart from it;
    `outside` is the address, or the folder, where outside systems answer."""

    data: Path
    database_url: str | None = None
    outside: str | None = None
    keystore_url: str | None = None
    language: Language = "en"
    actor: Actor = LOCAL_OPERATOR
    json: bool = False
    preview: bool = False

    @classmethod
    def read(cls, environment: Mapping[str, str] = os.environ, **given: object) -> Settings:
        """Raises InvalidInput, LossyFunctions."""
        try:
            lossy = strtobool(environment.get("POSTGRES_ENABLE_DB_FUNCTIONS") or "no")
        except ValueError:
            lossy = True
        if lossy:
            raise LossyFunctions(field="POSTGRES_ENABLE_DB_FUNCTIONS")
        settings = {
            "data": Path(".loan-ledger"),
            "database_url": environment.get("DATABASE_URL") or None,
            "outside": environment.get("OUTSIDE_SYSTEMS") or None,
            "keystore_url": environment.get("KEYSTORE_URL") or None,
            "language": _language(environment),
            **{name: value for name, value in given.items() if value is not None},
        }
        return cls(**settings)  # type: ignore[arg-type]


def language(text: str) -> Language:
    """Raises InvalidInput."""
    if text == "zh":
        return "zh"
    if text == "en":
        return "en"
    raise InvalidInput(field="--lang", problem=f"{text[:20]!a} is not offered", expected="zh or en")


def _language(environment: Mapping[str, str]) -> Language:
    said = (
        environment.get("LC_ALL")
        or environment.get("LC_MESSAGES")
        or environment.get("LANG")
        or locale.getlocale()[0]
        or ""
    )
    return "zh" if said.lower().startswith("zh") else "en"
