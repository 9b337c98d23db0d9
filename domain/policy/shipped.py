"""What ships with the program: Jining's editions, the LPR and the working calendars, each as TOML."""

from __future__ import annotations

from importlib import resources

from domain.policy.edition import Edition, read_edition
from domain.policy.lpr import LprQuote, read_quotes
from domain.working_days import CalendarYear, read_calendar

CITY_CODE = "370800"
"""Jining."""


def shipped_editions() -> list[Edition]:
    """Jining's, from 2016 on, in order."""
    texts = (_read("editions", name) for name in _names("editions") if name.startswith("jining_"))
    return sorted((read_edition(text) for text in texts), key=lambda edition: edition.effective_from)


def shipped_quotes() -> tuple[LprQuote, ...]:
    return read_quotes(_read("editions", "lpr.toml"))


def shipped_calendars() -> list[CalendarYear]:
    return [read_calendar(_read("calendars", name)) for name in sorted(_names("calendars"))]


def _names(folder: str) -> list[str]:
    entries = resources.files("domain.policy").joinpath(folder).iterdir()
    return [entry.name for entry in entries if entry.name.endswith(".toml")]


def _read(folder: str, name: str) -> str:
    return resources.files("domain.policy").joinpath(folder, name).read_text(encoding="utf-8")
