"""Registering a borrower 借款人登记: a pseudonym in the facts, the person only under a key of their own."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, Field

from domain.borrower.borrower import Borrower
from domain.borrower.events import BorrowerRegistered
from domain.frozen import PLAIN, Frozen
from domain.personal_data import Sealed
from ledger.context import CommandContext
from ledger.keystore import Keystore, PersonKey
from ledger.ledger import Ledger, Receipt

REGISTRARS = ("operator", "applicant", "clerk", "outlet_clerk", "bank_officer", "guarantor_officer", "hr_officer")


def _id_number(number: str) -> str:
    """One of 18 digits says a day of birth and ends with its check digit (GB 11643); other papers' numbers are taken as they are."""
    if not _RESIDENT.fullmatch(number):
        return number
    try:
        date.fromisoformat(f"{number[6:10]}-{number[10:12]}-{number[12:14]}")
    except ValueError:
        raise ValueError("its digits 7 to 14 are no day of birth; read the number again") from None
    total = sum(int(digit) * (2 ** (17 - place) % 11) for place, digit in enumerate(number[:17]))
    if "10X98765432"[total % 11] != number[17].upper():
        raise ValueError("its last digit does not fit the others; read the number again")
    return number


_RESIDENT = re.compile(r"[0-9]{17}[0-9Xx]")


class Person(Frozen):
    """Somebody as a form names them; only a pseudonym goes on from here."""

    name: str = Field(max_length=100, pattern=PLAIN)
    id_number: Annotated[str, AfterValidator(_id_number)] = Field(pattern=r"^[0-9]{17}[0-9Xx]$|^[A-Z0-9]{8,18}$")
    phone: str | None = Field(default=None, pattern=r"^[0-9+ -]{5,20}$")


class RegisterBorrower(Person):
    value_date: date


class Newcomers:
    """People as a form names them: known by their pseudonyms at once, registered by the append that first says something of them.

    What is refused of them registers nobody.
    """

    def __init__(self, keystore: Keystore, value_date: date) -> None:
        self._keystore, self._day = keystore, value_date
        self._named: dict[UUID, tuple[PersonKey, RegisterBorrower]] = {}

    def pseudonym(self, person: Person) -> UUID:
        key = self._keystore.persons([person.id_number])[person.id_number]
        self._named[key.person] = key, RegisterBorrower(**person.model_dump(), value_date=self._day)
        return key.person

    def __contains__(self, person: UUID) -> bool:
        return person in self._named

    def unregistered(self, ledger: Ledger, context: CommandContext) -> list[Borrower]:
        """The streams of those of whom nothing is recorded yet."""
        new = [named for person, named in self._named.items() if not ledger.knows(person)]
        return [new_borrower(key, named, context) for key, named in new]


def register_borrower(ledger: Ledger, keystore: Keystore, command: RegisterBorrower, context: CommandContext) -> UUID:
    """The borrower's pseudonym; somebody already known by the ID number is found, not registered again."""
    return registered_borrower(ledger, keystore, command, context)[0]


def registered_borrower(
    ledger: Ledger, keystore: Keystore, command: RegisterBorrower, context: CommandContext
) -> tuple[UUID, Receipt | None]:
    """The same, with the receipt of the registration; none where the person was known. Raises NotPermitted, DatedInFuture."""
    context.actor.must_be(*REGISTRARS, action="register a borrower")
    key = keystore.persons([command.id_number])[command.id_number]

    def decide() -> list[Borrower]:
        return [] if ledger.knows(key.person) else [new_borrower(key, command, context)]

    return key.person, ledger.perform(command, context, decide)


def new_borrower(key: PersonKey, command: RegisterBorrower, context: CommandContext) -> Borrower:
    """The borrower's stream, begun; every personal field sealed for its place in it."""
    context.moment.not_before(command.value_date)

    def sealed(text: str, field: str) -> Sealed:
        return key.seal(text, stream=key.person, version=1, field=field)

    return Borrower.opened(
        BorrowerRegistered,
        key.person,
        context.moment,
        value_date=command.value_date,
        name=sealed(command.name, "name"),
        id_number=sealed(command.id_number, "id_number"),
        phone=None if command.phone is None else sealed(command.phone, "phone"),
    )
