"""camt.053 (ISO 20022, bank to customer statement), versions 02 to 13, read as a stream; nothing in it is resolved, fetched or expanded."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from io import BytesIO
from xml.etree.ElementTree import Element, ParseError  # the type only; defusedxml reads

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import iterparse

from domain.money import Fen
from domain.reconciliation.statement import Oddity, Statement, StatementLine
from ledger.statements.refusals import Hostile, NotWellFormed, OtherMessage, StatementTooLarge, TagMissing
from ledger.statements.values import Place, amount

LINES, STATEMENTS = 200_000, 1000
_DEEPEST = 40
_SPACE = re.compile(r"\{(urn:iso:std:iso:20022:tech:xsd:(camt\.\d{3})\.001\.(\d{2}))\}", re.ASCII)
_WANTED = "camt.053"
_OPENINGS, _CLOSINGS = ("OPBD", "PRCD"), ("CLBD",)


def read(content: bytes, file: str) -> list[Statement]:
    """Its statements, in their order. Raises Hostile, NotWellFormed, OtherMessage, TagMissing, BadValue, StatementTooLarge."""
    place = Place(file)
    try:
        found = [*_statements(content, place)]
    except ParseError as problem:
        line, _ = problem.position
        said = str(problem).split(":")[0]
        raise NotWellFormed(field="file", file=file, kind="XML", place=f"line {line}", problem=said) from None
    except (DefusedXmlException, LookupError) as problem:
        raise Hostile(field="file", file=file, found=type(problem).__name__) from None
    except ValueError as problem:  # an encoding that expat does not know, or bytes that are not in it
        said = str(problem)[:60]
        raise NotWellFormed(field="file", file=file, kind="XML", place="the file", problem=said) from None
    if not found:
        raise TagMissing(field="file", file=file, place="the message", tag="Stmt")
    return found


def _statements(content: bytes, place: Place) -> Iterator[Statement]:
    depth, told, path = 0, 0, list[str]()
    entries, lines = 0, list[StatementLine]()
    oddities = list[Oddity]()
    for event, element in iterparse(BytesIO(content), events=("start", "end"), forbid_dtd=True):
        name = _name(element)
        if event == "start":
            depth += 1
            path.append(name)
            if depth == 1:
                _must_be_camt053(element, place)
            if depth > _DEEPEST:
                raise Hostile(field="file", file=place.file, found="nesting without end")
            continue
        depth -= 1
        path.pop()
        if name == "Ntry" and path[-1:] == ["Stmt"]:
            entries += 1
            if entries > LINES:
                raise StatementTooLarge(field="file", file=place.file, most=LINES, what="lines")
            line = _line(element, len(lines) + 1, entries, place.at(f"entry {entries}"), oddities)
            if line is not None:
                lines.append(line)
            element.clear()
            element.tail = None
        elif name == "Stmt" and path[-1:] == ["BkToCstmrStmt"]:
            yield _statement(element, tuple(lines), tuple(oddities), place)
            told += 1
            if told == STATEMENTS:
                raise StatementTooLarge(field="file", file=place.file, most=STATEMENTS, what="statements")
            entries, lines, oddities = 0, [], []
            element.clear()


def _must_be_camt053(root: Element, place: Place) -> None:
    match = _SPACE.match(root.tag)
    if match is None or _name(root) != "Document":
        raise TagMissing(field="file", file=place.file, place="the root", tag="Document of ISO 20022 camt.053.001")
    if match[2] != _WANTED:
        raise OtherMessage(field="file", file=place.file, found=match[2], wanted=_WANTED)
    if not 2 <= int(match[3]) <= 13:
        raise OtherMessage(field="file", file=place.file, found=match[1], wanted=f"{_WANTED}.001.02 to 13")


def _statement(
    element: Element, lines: tuple[StatementLine, ...], oddities: tuple[Oddity, ...], place: Place
) -> Statement:
    balances: dict[str, tuple[Fen, date | None]] = {}
    more = list(oddities)
    for balance in _all(element, "Bal"):
        code = _text(balance, "Tp", "CdOrPrtry", "Cd") or ""
        said = _signed(balance, place.at(f"balance {code}")), _day(balance, "Dt", place.at(f"balance {code}"))
        if code in balances and code in (*_OPENINGS, *_CLOSINGS):
            more.append(Oddity(rule=f"balance_repeated:{code}"))
        balances.setdefault(code, said)
    opening = next((balances[code] for code in _OPENINGS if code in balances), (None, None))
    closing = next((balances[code] for code in _CLOSINGS if code in balances), (None, None))
    sequence = _text(element, "ElctrncSeqNb") or _text(element, "LglSeqNb") or _text(element, "Id")
    page = _text(element, "StmtPgntn", "PgNb") or ""
    currencies = {_text(element, "Acct", "Ccy")} | {b.get("Ccy") for b in element.iter() if _name(b) == "Amt"}
    currency = {c for c in currencies if c}
    if len(currency) > 1:
        more.append(Oddity(rule="currencies_mixed"))
    days = [day for day in (opening[1], closing[1]) if day]
    return Statement(
        account=_text(element, "Acct", "Id", "IBAN") or _text(element, "Acct", "Id", "Othr", "Id"),
        currency=_text(element, "Acct", "Ccy") or (currency.pop() if len(currency) == 1 else None),
        statement_id=sequence,
        page=int(page) if page.isascii() and page.isdigit() and len(page) < 6 else None,
        opening=opening[0],
        opening_day=_day_of(element, "FrDtTm", place)
        or min([*days, *(line.booked_on for line in lines)], default=None),
        closing=closing[0],
        closing_day=closing[1] or _day_of(element, "ToDtTm", place),
        lines=lines,
        oddities=tuple(more),
    )


def _line(entry: Element, number: int, said: int, place: Place, oddities: list[Oddity]) -> StatementLine | None:
    """A booked entry; what is only announced is an oddity, not a line."""
    status = _text(entry, "Sts", "Cd") or _text(entry, "Sts") or "BOOK"
    if status.strip() != "BOOK":
        oddities.append(Oddity(rule="not_booked", line=said))
        return None
    booked = _day(entry, "BookgDt", place) or _day(entry, "ValDt", place)
    if booked is None:
        raise TagMissing(field="file", file=place.file, place=place.where, tag="BookgDt")
    details = [d for group in _all(entry, "NtryDtls") for d in _all(group, "TxDtls")]
    only = details[0] if len(details) == 1 else None
    fen = _signed(entry, place)
    other = ("Dbtr" if fen >= 0 else "Cdtr") if only is not None else ""
    return StatementLine(
        number=number,
        booked_on=booked,
        value_date=_day(entry, "ValDt", place) or booked,
        fen=fen,
        serial=_text(entry, "AcctSvcrRef") or (_text(only, "Refs", "AcctSvcrRef") if only is not None else None),
        end_to_end=_text(only, "Refs", "EndToEndId") if only is not None else None,
        counterparty=_name_of(only, other) if only is not None else None,
        counterparty_account=_account_of(only, other) if only is not None else None,
        text=" ".join(_texts(entry)),
        reversal=(_text(entry, "RvslInd") or "").strip() in ("true", "1"),
    )


def _name_of(details: Element, other: str) -> str | None:
    return _text(details, "RltdPties", other, "Nm") or _text(details, "RltdPties", other, "Pty", "Nm")


def _account_of(details: Element, other: str) -> str | None:
    where = ("RltdPties", f"{other}Acct", "Id")
    return _text(details, *where, "IBAN") or _text(details, *where, "Othr", "Id")


def _texts(entry: Element) -> Iterator[str]:
    """What an entry says in words, and the references of the payments that it gathers."""
    for element in entry.iter():
        if _name(element) in ("Ustrd", "Ref", "AddtlNtryInf", "AddtlTxInf", "EndToEndId", "NtryRef") and element.text:
            yield element.text.strip()


def _signed(element: Element, place: Place) -> Fen:
    said, sign = _text(element, "Amt"), _text(element, "CdtDbtInd")
    if said is None or sign not in ("CRDT", "DBIT"):
        raise TagMissing(
            field="file", file=place.file, place=place.where, tag="CdtDbtInd of CRDT or DBIT" if said else "Amt"
        )
    fen = amount(said, ".", place, "Amt")
    return fen if sign == "CRDT" else -fen


def _day(element: Element, name: str, place: Place) -> date | None:
    said = _text(element, name, "Dt") or _text(element, name, "DtTm")
    return None if said is None else _read(said, name, place)


def _day_of(element: Element, name: str, place: Place) -> date | None:
    said = _text(element, "FrToDt", name)
    return None if said is None else _read(said, name, place)


def _read(said: str, name: str, place: Place) -> date:
    try:
        return date.fromisoformat(said.strip()[:10])
    except ValueError:
        place.bad(name, said, "a day")


def _text(element: Element, *path: str) -> str | None:
    for name in path:
        found = next((child for child in element if _name(child) == name), None)
        if found is None:
            return None
        element = found
    return (element.text or "").strip() or None


def _all(element: Element, name: str) -> list[Element]:
    return [child for child in element if _name(child) == name]


def _name(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]
