"""MT940 (SWIFT customer statement) by the library `mt-940`, one message at a time; what it would guess is checked against the bytes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

import mt940

from domain.money import Fen
from domain.reconciliation.statement import Oddity, Statement, StatementLine
from ledger.statements.refusals import NotWellFormed, OtherMessage, StatementTooLarge, TagMissing
from ledger.statements.values import Place, amount, short_day

LINES, MESSAGES = 200_000, 1000
_TAG = re.compile(r"^:(\d{2}[A-Z]?|NS):", re.ASCII | re.MULTILINE)
_BALANCE = re.compile(r"([CD])(\d{6})([A-Z]{3})([\d,]{1,24})", re.ASCII)
_ENTRY = re.compile(r"(\d{6})(\d{4}|\s{4})?(R?[CD])([A-Z])?\s?([\d]{1,15}(?:,\d*)?)", re.ASCII)
_INTERIM = frozenset({"34F", "90D", "90C", "13D"})


def read(text: str, file: str) -> list[Statement]:
    """Its statements, in their order. Raises OtherMessage, TagMissing, BadValue, NotWellFormed, StatementTooLarge."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    starts = [match.start() for match in _TAG.finditer(text) if match[1] == "20"]
    if not starts:
        raise TagMissing(field="file", file=file, place="the message", tag=":20:")
    if len(starts) > MESSAGES:
        raise StatementTooLarge(field="file", file=file, most=MESSAGES, what="statements")
    ends = [*starts[1:], len(text)]
    return [
        _statement(text[start:end], Place(file, f"message {number}"))
        for number, (start, end) in enumerate(zip(starts, ends, strict=True), 1)
    ]


def _statement(message: str, place: Place) -> Statement:
    fields = [*_fields(message)]
    tags = {tag for tag, _ in fields}
    if tags & _INTERIM and not tags & {"60F", "60M"}:
        raise OtherMessage(field="file", file=place.file, found="MT942", wanted="MT940")
    for tag, needed in (
        (":25:", {"25", "25P"}),
        (":28C:", {"28", "28C"}),
        (":60F:", {"60F", "60M"}),
        (":62F:", {"62F", "62M"}),
    ):
        if not tags & needed:
            raise TagMissing(field="file", file=place.file, place=place.where, tag=tag)
    oddities = list[Oddity]()
    opening, opened, currency = _balance(fields, ("60F", "60M"), place, oddities)
    closing, closed, other = _balance(fields, ("62F", "62M"), place, oddities)
    if currency and other and currency != other:
        oddities.append(Oddity(rule="currencies_mixed"))
    entries = [value for tag, value in fields if tag == "61"]
    if len(entries) > LINES:
        raise StatementTooLarge(field="file", file=place.file, most=LINES, what="lines")
    parsed = _parsed(message, place, len(entries))
    lines = tuple(
        _line(number, raw, data, place, oddities)
        for number, (raw, data) in enumerate(zip(entries, parsed, strict=True), 1)
    )
    sequence = next(value for tag, value in fields if tag in ("28", "28C")).strip()
    number, _, page = sequence.partition("/")
    account = next(value for tag, value in fields if tag in ("25", "25P")).strip().splitlines()[0:1]
    return Statement(
        account=account[0] if account else None,
        currency=currency or other,
        statement_id=number or None,
        page=int(page) if re.fullmatch(r"\d{1,5}", page, re.ASCII) else None,
        opening=opening,
        opening_day=opened,
        closing=closing,
        closing_day=closed,
        lines=lines,
        oddities=tuple(oddities),
    )


def _fields(message: str) -> Iterator[tuple[str, str]]:
    """The tags with what follows each."""
    found = [*_TAG.finditer(message)]
    ends = [*(match.start() for match in found[1:]), len(message)]
    for match, end in zip(found, ends, strict=True):
        yield match[1], message[match.end() : end].rstrip("\n")


def _balance(
    fields: list[tuple[str, str]], tags: tuple[str, str], place: Place, oddities: list[Oddity]
) -> tuple[Fen | None, date | None, str | None]:
    tag, said = next((tag, value.strip().split("\n")[0]) for tag, value in fields if tag in tags)
    match = _BALANCE.fullmatch(said)
    if match is None:
        place.bad(f":{tag}:", said, "an amount")
    try:
        day, there = short_day(match[2])
    except ValueError:
        place.bad(f":{tag}:", said, "a day")
    if not there:
        oddities.append(Oddity(rule=f"no_such_day:{match[2]}"))
    fen = amount(match[4], ",", place, f":{tag}:")
    return (fen if match[1] == "C" else -fen), day, match[3]


def _parsed(message: str, place: Place, wanted: int) -> list[Mapping[str, Any]]:
    """What the library makes of the lines; it has to be as many as there are."""
    transactions = mt940.models.Transactions()
    try:
        transactions.parse(message)
    except Exception as problem:  # it raises whatever its tags raise
        said = type(problem).__name__
        raise NotWellFormed(field="file", file=place.file, kind="MT940", place=place.where, problem=said) from None
    found: list[Mapping[str, Any]] = [
        transaction.data for transaction in transactions.transactions if "amount" in transaction.data
    ]
    if len(found) != wanted:
        said = f"{wanted} lines, of which {len(found)} could be told"
        raise NotWellFormed(field="file", file=place.file, kind="MT940", place=place.where, problem=said)
    return found


def _line(number: int, raw: str, data: Mapping[str, Any], place: Place, oddities: list[Oddity]) -> StatementLine:
    at = place.at(f"{place.where}, line {number}")
    match = _ENTRY.match(raw)
    if match is None:
        at.bad(":61:", raw.split("\n")[0], "an amount")
    try:
        value_date, there = short_day(match[1])
    except ValueError:
        at.bad(":61:", match[1], "a day")
    if not there:
        oddities.append(Oddity(rule=f"no_such_day:{match[1]}", line=number))
    mark = match[3]
    fen = amount(match[5], ",", at, ":61:")
    came_in = mark in ("C", "RD")
    booked = _entry_day(match[2] or "", value_date, number, oddities)
    details = " ".join(
        str(data.get(name) or "")
        for name in ("transaction_details", "purpose", "extra_details", "additional_purpose", "end_to_end_reference")
    )
    return StatementLine(
        number=number,
        booked_on=booked,
        value_date=value_date,
        fen=fen if came_in else -fen,
        serial=_said(data.get("bank_reference")),
        end_to_end=_said(data.get("customer_reference")),
        counterparty=_said(data.get("applicant_name")),
        counterparty_account=_said(data.get("applicant_iban")),
        text=" ".join(f"{data.get('posting_text') or ''} {details}".split()),
        reversal=len(mark) == 2,
    )


def _entry_day(said: str, value_date: date, number: int, oddities: list[Oddity]) -> date:
    """The day of the entry (MMDD) in the year that brings it closest to the value date."""
    if not said.strip():
        return value_date
    for year in sorted(
        (value_date.year - 1, value_date.year, value_date.year + 1), key=lambda y: abs(y - value_date.year)
    ):
        try:
            day, there = short_day(f"{year % 100:02d}{said}")
        except ValueError:
            break
        if abs((day - value_date).days) < 180:
            if not there:
                oddities.append(Oddity(rule=f"no_such_day:{said}", line=number))
            return day
    oddities.append(Oddity(rule=f"no_such_day:{said}", line=number))
    return value_date


def _said(value: object) -> str | None:
    said = str(value).strip() if value is not None else ""
    return said if said and said != "NONREF" else None
