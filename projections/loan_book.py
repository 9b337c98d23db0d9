"""The loan book 贷款台账: one line a loan, as of any day and as known at any position.

The book of today is kept by adding up; the dated changes beside it answer for every other day and knowledge. What is said of a loan
(overdue, settled, jobs) holds until something later is said, by value date and then by position.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any, ClassVar, NamedTuple, TypeAlias

from psycopg import Connection, Cursor

from domain.compensation.events import (
    AssetSold,
    AssetTakenOver,
    ClaimAdjusted,
    ClaimApproved,
    ClaimRecorded,
    RecoveryReceived,
    RecoveryReversed,
)
from domain.loan.events import (
    BecameOverdue,
    ChargedOff,
    ContractSigned,
    CostCharged,
    DateCorrected,
    Disbursed,
    EntryReversed,
    JobsReported,
    MisuseFound,
    OverdueCured,
    Recalculated,
    Reopened,
    Repaid,
    RepaymentReversed,
    Settled,
    TakenOver,
    TermsChanged,
    Waived,
)
from domain.money import Fen
from projections import log
from projections.log import Told
from projections.projection import Kind, Projection, copy_rows

AMOUNTS = ("approved", "guaranteed", "disbursed", "outstanding", "charged_off", "claimed", "recovered")
SAID = ("overdue", "settled", "lost", "taken_over", "jobs_created", "jobs_retained", "charged_off_year")
_BALANCES = {"principal": 3, "charged_off": 4}
"""Which balance of a fact is which of the amounts."""

_OPENING = (
    "loan",
    "loan_no",
    "bank",
    "county",
    "state",
    "product",
    "approval_year",
    "signed_on",
    "source_status",
    "urban_rural",
    "borrower",
)
_STATUS = (
    "CASE WHEN taken_over = 1 THEN 'taken_over' WHEN lost = 1 THEN 'charged_off' WHEN settled = 1 THEN 'settled' WHEN overdue = 1 THEN 'overdue'"
    " WHEN disbursed <> 0 THEN 'active' ELSE 'contracted' END"
)

Body: TypeAlias = dict[str, Any]


class Change(NamedTuple):
    """What a fact changes of a loan on one day: amounts in fen, in the order of AMOUNTS, and what it says."""

    loan: str
    value_date: str
    amounts: tuple[Fen, ...]
    said: tuple[tuple[str, int], ...] = ()


class LoanBook(Projection[Told]):
    name = "loan_book"
    order = "loan_no"
    version = 4
    tables: ClassVar[Mapping[str, str]] = {
        "loan_book": "loan",
        "loan_book_change": "loan, value_date, position",
        "loan_book_said": "loan, said, value_date, position",
    }
    ddl = """
        CREATE TABLE {schema}.loan_book (
          loan uuid PRIMARY KEY, loan_no text NOT NULL UNIQUE, bank text NOT NULL, county text, state text, product text NOT NULL,
          approval_year int NOT NULL, signed_on date NOT NULL, source_status text, urban_rural text, borrower uuid,
          approved bigint NOT NULL, guaranteed bigint NOT NULL, disbursed bigint NOT NULL, outstanding bigint NOT NULL,
          charged_off bigint NOT NULL, claimed bigint NOT NULL, recovered bigint NOT NULL,
          overdue bigint, settled bigint, lost bigint, taken_over bigint, jobs_created bigint, jobs_retained bigint, charged_off_year bigint);
        CREATE TABLE {schema}.loan_book_change (
          loan uuid NOT NULL, value_date date NOT NULL, position bigint NOT NULL,
          approved bigint NOT NULL, guaranteed bigint NOT NULL, disbursed bigint NOT NULL, outstanding bigint NOT NULL,
          charged_off bigint NOT NULL, claimed bigint NOT NULL, recovered bigint NOT NULL,
          PRIMARY KEY (loan, value_date, position));
        CREATE TABLE {schema}.loan_book_said (
          loan uuid NOT NULL, said text NOT NULL, value_date date NOT NULL, position bigint NOT NULL, value bigint NOT NULL,
          PRIMARY KEY (loan, said, value_date, position));
    """
    columns: ClassVar[Mapping[str, Kind]] = {
        "loan_no": "text", "bank": "text", "county": "text", "state": "text", "product": "text", "approval_year": "year",
        "signed_on": "date", "status": "text", "source_status": "text", "urban_rural": "text", "charged_off_year": "year",
        "approved": "money", "disbursed": "money", "guaranteed": "money", "outstanding": "money", "charged_off": "money",
        "claimed": "money", "recovered": "money", "jobs_created": "count", "jobs_retained": "count", "borrower": "text",
    }  # fmt: skip

    def page(self, connection: Connection[Any], after: int, limit: int, upto: int | None) -> list[Told]:
        return log.told(connection, after, limit, upto)

    def write(self, cursor: Cursor[Any], schema: str, facts: Sequence[Told]) -> None:
        opened, said = dict[str, tuple[Any, ...]](), list[tuple[Any, ...]]()
        sums: dict[str, tuple[Fen, ...]] = {}
        with cursor.copy(f"COPY {schema}.loan_book_change FROM STDIN".encode()) as copy:
            for start in range(0, len(facts), _BLOCK):  # the server takes one block in while the next is folded
                copy.write("".join(_lines(facts[start : start + _BLOCK], opened, said, sums)))
        copy_rows(cursor, f"{schema}.loan_book_said", "loan, said, value_date, position, value", said)
        lines = ((*line, *sums.pop(loan, _NOTHING)) for loan, line in opened.items())
        copy_rows(cursor, f"{schema}.loan_book", ", ".join((*_OPENING, *AMOUNTS)), lines)
        _add(cursor, schema, sums)
        _say(cursor, schema, {row[0] for row in said})

    def source(self, as_of: date | None, known_at: int | None) -> tuple[str, dict[str, object]]:
        listed = ", ".join(_LISTED.get(name, name) for name in self.columns)
        if as_of is None and known_at is None:
            return f"SELECT {listed} FROM projections.loan_book", {}
        when = "value_date <= %(as_of)s AND position <= %(known_at)s"
        opening = ", ".join(f"b.{name}" for name in _OPENING)
        sums = ", ".join(f"sum({name})::bigint AS {name}" for name in AMOUNTS)
        amounts = ", ".join(f"coalesce(a.{name}, 0) AS {name}" for name in AMOUNTS)
        query = (
            f"SELECT {opening}, {amounts}, {', '.join(f's.{name}' for name in SAID)}"
            f" FROM (SELECT loan, {sums} FROM projections.loan_book_change WHERE {when} GROUP BY loan) a"
            f" FULL JOIN ({_last('projections', when)}) s USING (loan) JOIN projections.loan_book b USING (loan)"
        )
        times = {"as_of": as_of or date.max, "known_at": known_at if known_at is not None else 2**62}
        return f"SELECT {listed} FROM ({query}) b", times


_BLOCK = 500


def _lines(
    facts: Sequence[Told],
    opened: dict[str, tuple[Any, ...]],
    said: list[tuple[Any, ...]],
    sums: dict[str, tuple[Fen, ...]],
) -> Iterator[str]:
    """A line for every dated change of amounts; identifiers, days and numbers need no escaping."""
    for fact in facts:
        body = fact.body
        if fact.topic == ContractSigned.TOPIC:
            opened[fact.stream] = _opened(fact.stream, body)
        for loan, day, amounts, says in _CHANGES[fact.topic](fact.stream, body):
            if any(amounts) or not says:
                yield f"{loan}\t{day}\t{fact.position}\t" + "\t".join(map(str, amounts)) + "\n"
                sums[loan] = tuple(map(int.__add__, sums[loan], amounts)) if loan in sums else amounts
            said.extend((loan, name, day, fact.position, value) for name, value in says)


_NOTHING: tuple[Fen, ...] = (0,) * len(AMOUNTS)
_LISTED = {
    "borrower": "borrower::text AS borrower",
    "status": f"{_STATUS} AS status",
    "jobs_created": "coalesce(jobs_created, 0) AS jobs_created",
    "jobs_retained": "coalesce(jobs_retained, 0) AS jobs_retained",
}


def _last(schema: str, where: str) -> str:
    """What was last said of each loan, a column for each thing said."""
    columns = ", ".join(f"max(value) FILTER (WHERE said = '{name}') AS {name}" for name in SAID)
    newest = f"SELECT DISTINCT ON (loan, said) loan, said, value FROM {schema}.loan_book_said WHERE {where}"
    return f"SELECT loan, {columns} FROM ({newest} ORDER BY loan, said, value_date DESC, position DESC) newest GROUP BY loan"


def _add(cursor: Cursor[Any], schema: str, sums: Mapping[str, tuple[Fen, ...]]) -> None:
    """Add the page's amounts to loans that were opened before it."""
    if not sums:
        return
    added = ", ".join(f"{name} = b.{name} + d.{name}" for name in AMOUNTS)
    arrays = ", ".join(["%s::uuid[]", *["%s::bigint[]"] * len(AMOUNTS)])
    statement = f"UPDATE {schema}.loan_book b SET {added} FROM unnest({arrays}) d (loan, {', '.join(AMOUNTS)}) WHERE b.loan = d.loan"
    columns = [list(column) for column in zip(*sums.values(), strict=True)]
    cursor.execute(statement.encode(), [list(sums), *columns])


def _say(cursor: Cursor[Any], schema: str, loans: set[str]) -> None:
    """Bring what holds of these loans up to what was last said."""
    if not loans:
        return
    values = ", ".join(f"{name} = s.{name}" for name in SAID)
    last = _last(schema, "loan = ANY(%s::uuid[])")
    cursor.execute(
        f"UPDATE {schema}.loan_book b SET {values} FROM ({last}) s WHERE b.loan = s.loan".encode(), (list(loans),)
    )


def _opened(loan: str, body: Body) -> tuple[Any, ...]:
    stated = ("loan_no", "bank", "county", "state", "product")
    year = int(body["value_date"][:4])
    return (
        loan,
        *(body[name] for name in stated),
        year,
        body["value_date"],
        body["source_status"],
        body["urban_rural"],
        body["borrower"],
    )


def _amounts(**fen: Fen) -> tuple[Fen, ...]:
    return tuple(fen.get(name, 0) for name in AMOUNTS)


def _signed(loan: str, body: Body) -> Iterable[Change]:
    yield Change(loan, body["value_date"], _amounts(approved=body["approved_fen"], guaranteed=body["guaranteed_fen"]))


def _moved(loan: str, body: Body) -> Iterable[Change]:
    """The changes of principal and of what was given up, a change a day; a loan is in the book from the first day of any."""
    days: dict[str, list[Fen]] = {body["value_date"]: list(_NOTHING)}
    for change in body["changes"]:
        if (place := _BALANCES.get(change["balance"])) is not None:
            days.setdefault(change["value_date"], list(_NOTHING))[place] += change["fen"]
    return [Change(loan, day, tuple(amounts)) for day, amounts in days.items()]


def _disbursed(loan: str, body: Body) -> Iterable[Change]:
    yield from _together(
        [*_moved(loan, body), Change(loan, body["value_date"], _amounts(disbursed=body["amount_fen"]))]
    )


def _redated(loan: str, body: Body) -> Iterable[Change]:
    changes = [*_moved(loan, body)]
    if body["corrects"] == "disbursed":
        fen = body["amount_fen"]
        changes += [Change(loan, body["from_date"], _amounts(disbursed=-fen))]
        changes += [Change(loan, body["value_date"], _amounts(disbursed=fen))]
    yield from _together(changes)


def _undone(loan: str, body: Body) -> Iterable[Change]:
    changes = [*_moved(loan, body)]
    if body["reverses"] == "disbursed":
        changes += [Change(loan, body["from_date"], _amounts(disbursed=-body["amount_fen"]))]
    yield from _together(changes)


def _charged_off(loan: str, body: Body) -> Iterable[Change]:
    day: str = body["value_date"]
    year = () if body["date_derived"] else (("charged_off_year", int(day[:4])),)
    lost = (("lost", 1), ("overdue", 0)) if body.get("ends", True) else ()
    yield from _together([*_moved(loan, body), Change(loan, day, _NOTHING, (*lost, *year))])


def _together(changes: Iterable[Change]) -> Iterable[Change]:
    """One change a day."""
    days: dict[str, Change] = {}
    for change in changes:
        if (other := days.get(change.value_date)) is not None:
            amounts = tuple(map(int.__add__, other.amounts, change.amounts))
            change = Change(change.loan, change.value_date, amounts, other.said + change.said)
        days[change.value_date] = change
    return days.values()


def _saying(**said: int) -> Callable[[str, Body], Iterable[Change]]:
    return lambda loan, body: [Change(loan, body["value_date"], _NOTHING, tuple(said.items()))]


def _jobs(loan: str, body: Body) -> Iterable[Change]:
    said = (("jobs_created", body["created"]), ("jobs_retained", body["retained"]))
    yield Change(loan, body["value_date"], _NOTHING, said)


def _claimed(_: str, body: Body) -> Iterable[Change]:
    """What the parties but the bank bear."""
    shares = body["share_changes"] if "share_changes" in body else body["shares"]
    claimed = sum(share["fen"] for share in shares if share["party"] != "bank")
    yield Change(body["loan"], body["value_date"], _amounts(claimed=claimed))


def _recovered(_: str, body: Body) -> Iterable[Change]:
    """What came back of the loss, to whomever; what came in beyond it is no recovery."""
    yield Change(body["loan"], body["value_date"], _amounts(recovered=sum(share["fen"] for share in body["shares"])))


def _taken_over(loan: str, body: Body) -> Iterable[Change]:
    yield from _together([*_moved(loan, body), Change(loan, body["value_date"], _NOTHING, (("taken_over", 1),))])


def _reopened(loan: str, body: Body) -> Iterable[Change]:
    ended = "lost" if body.get("ended") == "charged_off" else "settled"
    yield Change(loan, body["value_date"], _NOTHING, ((ended, 0),))


_CHANGES: Mapping[str, Callable[[str, Body], Iterable[Change]]] = {
    ContractSigned.TOPIC: _signed,
    Disbursed.TOPIC: _disbursed,
    Repaid.TOPIC: _moved,
    TermsChanged.TOPIC: _moved,
    MisuseFound.TOPIC: _moved,
    CostCharged.TOPIC: _moved,
    Waived.TOPIC: _moved,
    DateCorrected.TOPIC: _redated,
    RepaymentReversed.TOPIC: _moved,
    EntryReversed.TOPIC: _undone,
    Recalculated.TOPIC: _moved,
    ChargedOff.TOPIC: _charged_off,
    BecameOverdue.TOPIC: _saying(overdue=1),
    OverdueCured.TOPIC: _saying(overdue=0),
    Settled.TOPIC: _saying(settled=1, overdue=0),
    Reopened.TOPIC: _reopened,
    JobsReported.TOPIC: _jobs,
    TakenOver.TOPIC: _taken_over,
    ClaimRecorded.TOPIC: _claimed,
    ClaimApproved.TOPIC: _claimed,
    ClaimAdjusted.TOPIC: _claimed,
    RecoveryReceived.TOPIC: _recovered,
    RecoveryReversed.TOPIC: _recovered,
    AssetTakenOver.TOPIC: _recovered,
    AssetSold.TOPIC: _recovered,
}
LoanBook.topics = frozenset(_CHANGES)
