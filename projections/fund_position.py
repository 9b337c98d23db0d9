"""The position of a guarantee fund 担保基金头寸: its money, what it stands for, and what it may still promise, by bank, county and level.

Every line adds up: the lines of a bank, of a level or of the whole fund sum to its position. Money stands at the bank of the account;
promises, claims and recoveries at the bank that lent. A line's headroom is what its own money carries less what is promised there; new
guarantees look at the fund's, which is the sum of all its lines.
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
    RecoveryReceived,
    RecoveryRemitted,
    RecoveryReversed,
    SharePaid,
    ShareWrittenOff,
)
from domain.guarantee_fund.events import CapitalInjected, CapitalWithdrawn, InterestReceived, MethodAdopted
from domain.loan.balances import Balance
from domain.loan.events import (
    ChargedOff,
    ContractSigned,
    CostCharged,
    DateCorrected,
    Disbursed,
    EntryReversed,
    LoanClaimApproved,
    LoanClaimEnded,
    MisuseFound,
    Recalculated,
    Repaid,
    RepaymentReversed,
    ReservationLapsed,
    TakenOver,
    TermsChanged,
    Waived,
)
from domain.loan_application.events import CapacityReleased, CapacityReserved
from domain.money import Fen
from domain.recorded import Recorded
from domain.stored_form import body_of
from projections import log
from projections.projection import Kind, Projection, copy_rows

PLACE = ("fund", "bank", "county", "level")
KEPT = (
    "capital", "interest", "claims_cash", "exposure", "reserved", "approved", "paid", "collected", "recovered", "recovered_late", "written_off", "assets",
)  # fmt: skip
"""What is added up of the facts; everything else is worked out of these."""

Body: TypeAlias = dict[str, Any]


class Change(NamedTuple):
    """What a fact changes in one place on one day, in fen, in the order of KEPT."""

    place: tuple[str, str, str, str]
    value_date: str
    amounts: tuple[Fen, ...]


class FundPosition(Projection[Recorded]):
    name = "fund_position"
    version = 3
    order = "fund, bank NULLS FIRST, county NULLS FIRST, level NULLS FIRST"
    tables: ClassVar[Mapping[str, str]] = {
        "fund_position": ", ".join(PLACE),
        "fund_position_change": f"position, {', '.join(PLACE)}, value_date",
        "fund_position_method": "fund, value_date, position",
    }
    ddl = """
        CREATE TABLE {schema}.fund_position (
          fund text NOT NULL, bank text NOT NULL, county text NOT NULL, level text NOT NULL,
          capital bigint NOT NULL, interest bigint NOT NULL, claims_cash bigint NOT NULL, exposure bigint NOT NULL, reserved bigint NOT NULL,
          approved bigint NOT NULL, paid bigint NOT NULL, collected bigint NOT NULL, recovered bigint NOT NULL,
          recovered_late bigint NOT NULL, written_off bigint NOT NULL, assets bigint NOT NULL,
          PRIMARY KEY (fund, bank, county, level));
        CREATE TABLE {schema}.fund_position_change (
          position bigint NOT NULL, fund text NOT NULL, bank text NOT NULL, county text NOT NULL, level text NOT NULL,
          value_date date NOT NULL,
          capital bigint NOT NULL, interest bigint NOT NULL, claims_cash bigint NOT NULL, exposure bigint NOT NULL, reserved bigint NOT NULL,
          approved bigint NOT NULL, paid bigint NOT NULL, collected bigint NOT NULL, recovered bigint NOT NULL,
          recovered_late bigint NOT NULL, written_off bigint NOT NULL, assets bigint NOT NULL,
          PRIMARY KEY (position, fund, bank, county, level, value_date));
        CREATE TABLE {schema}.fund_position_method (
          fund text NOT NULL, value_date date NOT NULL, position bigint NOT NULL, multiplier int NOT NULL,
          PRIMARY KEY (fund, value_date, position));
    """
    columns: ClassVar[Mapping[str, Kind]] = {
        "fund": "text", "bank": "text", "county": "text", "level": "text", "capital": "money", "interest": "money",
        "claims_paid": "money", "recovered": "money", "recovered_after_write_off": "money", "due": "money", "cash": "money",
        "payable": "money", "recoverable": "money", "written_off": "money", "assets": "money", "exposure": "money", "reserved": "money", "multiplier": "number", "capacity": "money",
        "headroom": "money",
    }  # fmt: skip

    def page(self, connection: Connection[Any], after: int, limit: int, upto: int | None) -> list[Recorded]:
        return log.page(connection, after, limit, upto)

    def write(self, cursor: Cursor[Any], schema: str, facts: Sequence[Recorded]) -> None:
        rows, sums = list[tuple[Any, ...]](), dict[tuple[str, ...], tuple[Fen, ...]]()
        methods = list[tuple[Any, ...]]()
        for fact in facts:
            body = body_of(fact.topic, fact.state)
            if fact.topic == MethodAdopted.TOPIC:
                methods.append((body["fund"], body["value_date"], fact.position, body["multiplier"]))
                continue
            for change in _together(_CHANGES[fact.topic](fact, body)):
                rows.append((fact.position, *change.place, change.value_date, *change.amounts))
                before = sums.get(change.place, _NOTHING)
                sums[change.place] = tuple(map(int.__add__, before, change.amounts))
        columns = ", ".join(("position", *PLACE, "value_date", *KEPT))
        copy_rows(cursor, f"{schema}.fund_position_change", columns, rows)
        copy_rows(cursor, f"{schema}.fund_position_method", "fund, value_date, position, multiplier", methods)
        _add(cursor, schema, sums)

    def source(self, as_of: date | None, known_at: int | None) -> tuple[str, dict[str, object]]:
        when = "value_date <= %(as_of)s AND position <= %(known_at)s"
        sums = ", ".join(f"sum({name})::bigint AS {name}" for name in KEPT)
        at_times = f"SELECT {', '.join(PLACE)}, {sums} FROM projections.fund_position_change WHERE {when} GROUP BY {', '.join(PLACE)}"
        lines = "projections.fund_position" if as_of is None and known_at is None else f"({at_times})"
        method = (
            "SELECT DISTINCT ON (fund) fund, multiplier FROM projections.fund_position_method"
            f" WHERE {when} ORDER BY fund, value_date DESC, position DESC"
        )
        worked_out = (
            "SELECT fund, nullif(bank, '') AS bank, nullif(county, '') AS county, nullif(level, '') AS level, capital, interest,"
            " paid AS claims_paid, recovered, recovered_late AS recovered_after_write_off, recovered - collected AS due,"
            " capital + interest + claims_cash AS cash, approved - paid AS payable,"
            " paid - (recovered - recovered_late) - written_off AS recoverable, written_off, assets, exposure, reserved, coalesce(multiplier, 0) AS multiplier"
            f" FROM {lines} l LEFT JOIN ({method}) m USING (fund)"
        )
        query = (
            "SELECT *, multiplier * (cash - payable) AS capacity, multiplier * (cash - payable) - exposure - reserved AS headroom"
            f" FROM ({worked_out}) w"
        )
        return query, {"as_of": as_of or date.max, "known_at": known_at if known_at is not None else 2**62}


_NOTHING: tuple[Fen, ...] = (0,) * len(KEPT)


def _add(cursor: Cursor[Any], schema: str, sums: Mapping[tuple[str, ...], tuple[Fen, ...]]) -> None:
    if not sums:
        return
    arrays = ", ".join(["%s::text[]"] * len(PLACE) + ["%s::bigint[]"] * len(KEPT))
    columns, added = ", ".join((*PLACE, *KEPT)), ", ".join(f"{name} = p.{name} + excluded.{name}" for name in KEPT)
    cursor.execute(
        f"INSERT INTO {schema}.fund_position AS p ({columns}) SELECT * FROM unnest({arrays})"
        f" ON CONFLICT ({', '.join(PLACE)}) DO UPDATE SET {added}".encode(),
        [list(column) for column in zip(*((*place, *fen) for place, fen in sorted(sums.items())), strict=True)],
    )


def _together(changes: Iterable[Change]) -> Iterator[Change]:
    """One change a place and day, none of them of nothing."""
    days: dict[tuple[tuple[str, ...], str], Change] = {}
    for change in changes:
        key = (change.place, change.value_date)
        if (other := days.get(key)) is not None:
            change = change._replace(amounts=tuple(map(int.__add__, other.amounts, change.amounts)))
        days[key] = change
    return (change for change in days.values() if any(change.amounts))


def _amounts(**fen: Fen) -> tuple[Fen, ...]:
    return tuple(fen.get(name, 0) for name in KEPT)


def _of_scopes(fact: Recorded, fund: str | None = None) -> tuple[str, str, str, str] | None:
    """Whose promise it is and where, by the scopes of the fact; None where no fund of ours is concerned."""
    scopes = dict(scope.split(":", 1) for scope in reversed(fact.scopes))
    fund = fund or scopes.get("fund")
    return (fund, scopes.get("bank", ""), scopes.get("county", ""), "") if fund else None


def _cash(name: str, sign: int) -> Callable[[Recorded, Body], Iterable[Change]]:
    def change(_: Recorded, body: Body) -> Iterable[Change]:
        place = (body["fund"], body["bank"], "", body.get("level") or "")
        yield Change(place, body["value_date"], _amounts(**{name: sign * body["amount_fen"]}))

    return change


def _reserved(sign: int) -> Callable[[Recorded, Body], Iterable[Change]]:
    def change(fact: Recorded, body: Body) -> Iterable[Change]:
        place = _of_scopes(fact, body["fund"])
        assert place is not None
        yield Change(place, body["value_date"], _amounts(reserved=sign * body["amount_fen"]))

    return change


def _signed(fact: Recorded, body: Body) -> Iterable[Change]:
    place, fen = _of_scopes(fact), body.get("reserved_fen")
    if place is not None and fen:
        yield Change(place, body["value_date"], _amounts(reserved=fen))


_PROMISES = {Balance.EXPOSURE.value: "exposure", Balance.RESERVED.value: "reserved"}


def _moved(fact: Recorded, body: Body) -> Iterable[Change]:
    """Exposure and reservation of the fund as the fact changed them, each on its own day."""
    if (place := _of_scopes(fact)) is None:
        return
    for change in body["changes"]:
        if change["party"] == "fund" and (name := _PROMISES.get(change["balance"])):
            yield Change(place, change["value_date"], _amounts(**{name: change["fen"]}))


def _fund_part(amounts: Iterable[Body]) -> Fen:
    return sum(amount["fen"] for amount in amounts if amount["party"] == "fund")


def _lent(fact: Recorded, body: Body) -> tuple[str, str, str, str] | None:
    """The fund of a claim, at the bank that lent, whose share the scheme of the claim names."""
    return _of_scopes(fact, body.get("fund"))


def _on_account(place: tuple[str, str, str, str], body: Body, fen: Fen) -> Change:
    """Money of a claim that came to the fund's account, or left it: at the account's bank, if the fact names one."""
    account = (place[0], body.get("bank") or place[1], place[2], "")
    return Change(account, body["value_date"], _amounts(claims_cash=fen))


def _approved(name: str) -> Callable[[Recorded, Body], Iterable[Change]]:
    def change(fact: Recorded, body: Body) -> Iterable[Change]:
        if (place := _lent(fact, body)) is not None:
            yield Change(place, body["value_date"], _amounts(approved=_fund_part(body[name])))

    return change


def _paid(fact: Recorded, body: Body) -> Iterable[Change]:
    """A share that the fund bore; in a history, which nobody approved here, it was owed and paid at once."""
    if body["party"] == "fund" and (place := _lent(fact, body)) is not None:
        fen, at_once = body["amount_fen"], body.get("payee") is None
        yield Change(place, body["value_date"], _amounts(paid=fen, approved=fen if at_once else 0))
        yield _on_account(place, body, -fen)


def _collected(sign: int) -> Callable[[Recorded, Body], Iterable[Change]]:
    def change(fact: Recorded, body: Body) -> Iterable[Change]:
        """What falls to the fund, and what came to its account: all of it where the fund collects, nothing where another does."""
        if (place := _lent(fact, body)) is None:
            return
        share, late = _fund_part(body["shares"]), _fund_part(body.get("after_write_off", ()))
        by, net = body.get("collected_by"), sign * (body["gross_fen"] - body["cost_fen"])
        came = share if by is None else net if by == "fund" else 0
        amounts = _amounts(recovered=share, recovered_late=late, collected=came)
        yield Change(place, body["value_date"], amounts)
        yield _on_account(place, body, came)

    return change


def _asset(sold: bool) -> Callable[[Recorded, Body], Iterable[Change]]:
    def change(fact: Recorded, body: Body) -> Iterable[Change]:
        """An asset that the fund holds stands at its value until it is sold; then the proceeds are on the account."""
        if (place := _lent(fact, body)) is None:
            return
        share, late = _fund_part(body["shares"]), _fund_part(body.get("after_write_off", ()))
        value, ours = body["value_fen"], body["collected_by"] == "fund"
        net = body["gross_fen"] - body["cost_fen"] if sold else 0
        assets, came = (-value, net - value) if sold else (value, value)
        held = {"collected": came, "assets": assets} if ours else {}
        yield Change(place, body["value_date"], _amounts(recovered=share, recovered_late=late, **held))
        if ours and sold:
            yield _on_account(place, body, net)

    return change


def _passed_on(fact: Recorded, body: Body) -> Iterable[Change]:
    if "fund" in (body["party"], body["payee"]) and (place := _lent(fact, body)) is not None:
        fen = body["amount_fen"] if body["payee"] == "fund" else -body["amount_fen"]
        yield Change(place, body["value_date"], _amounts(collected=fen))
        yield _on_account(place, body, fen)


def _written_off(fact: Recorded, body: Body) -> Iterable[Change]:
    if body["party"] == "fund" and (place := _lent(fact, body)) is not None:
        yield Change(place, body["value_date"], _amounts(written_off=body["amount_fen"]))


_CHANGES: Mapping[str, Callable[[Recorded, Body], Iterable[Change]]] = {
    CapitalInjected.TOPIC: _cash("capital", 1),
    CapitalWithdrawn.TOPIC: _cash("capital", -1),
    InterestReceived.TOPIC: _cash("interest", 1),
    CapacityReserved.TOPIC: _reserved(1),
    CapacityReleased.TOPIC: _reserved(-1),
    ContractSigned.TOPIC: _signed,
    Disbursed.TOPIC: _moved,
    Repaid.TOPIC: _moved,
    TermsChanged.TOPIC: _moved,
    MisuseFound.TOPIC: _moved,
    CostCharged.TOPIC: _moved,
    Waived.TOPIC: _moved,
    DateCorrected.TOPIC: _moved,
    EntryReversed.TOPIC: _moved,
    Recalculated.TOPIC: _moved,
    RepaymentReversed.TOPIC: _moved,
    ChargedOff.TOPIC: _moved,
    ReservationLapsed.TOPIC: _moved,
    LoanClaimApproved.TOPIC: _moved,
    LoanClaimEnded.TOPIC: _moved,
    TakenOver.TOPIC: _moved,
    ClaimApproved.TOPIC: _approved("shares"),
    ClaimAdjusted.TOPIC: _approved("share_changes"),
    SharePaid.TOPIC: _paid,
    RecoveryReceived.TOPIC: _collected(1),
    RecoveryReversed.TOPIC: _collected(-1),
    AssetTakenOver.TOPIC: _asset(sold=False),
    AssetSold.TOPIC: _asset(sold=True),
    RecoveryRemitted.TOPIC: _passed_on,
    ShareWrittenOff.TOPIC: _written_off,
}
FundPosition.topics = frozenset({*_CHANGES, MethodAdopted.TOPIC})
