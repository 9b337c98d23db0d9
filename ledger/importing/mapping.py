"""The mapping 映射 from a tape's columns to a loan's history: TOML, shipped or written for one's own bank."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ledger.importing import refusals, shipped
from ledger.importing.sources import (
    AmountSource,
    ChargeOffSource,
    DateSource,
    JobsSource,
    LoanNoSource,
    PersonalSource,
    RateSource,
    Source,
    StatusSource,
    TermSource,
    TextSource,
    Words,
)

PERSONAL_TARGETS = ("borrower_name", "borrower_id_number", "borrower_phone")


class LoanFields(BaseModel):
    """Where each field of a loan's history comes from; the first eight must be said.

    `paid_total` is compared with its parts and otherwise only kept verbatim.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    loan_no: LoanNoSource
    bank: TextSource
    product: TextSource
    approved: AmountSource
    guaranteed: AmountSource
    approved_on: DateSource
    disbursed: AmountSource
    status: StatusSource
    disbursed_on: DateSource | None = None
    charged_off: ChargeOffSource | None = None
    charged_off_on: DateSource | None = None
    outstanding: AmountSource | None = None
    paid_principal: AmountSource | None = None
    paid_interest: AmountSource | None = None
    paid_penalty: AmountSource | None = None
    paid_total: AmountSource | None = None
    term_months: TermSource | None = None
    annual_rate: RateSource | None = None
    jobs_created: JobsSource | None = None
    jobs_retained: JobsSource | None = None
    county: TextSource | None = None
    state: TextSource | None = None
    urban_rural: TextSource | None = None
    guarantor: TextSource | None = None
    borrower_name: PersonalSource | None = None
    borrower_id_number: PersonalSource | None = None
    borrower_phone: PersonalSource | None = None

    def sources(self) -> Iterator[tuple[str, Source]]:
        """Every field that the mapping says, in our order."""
        for target in type(self).model_fields:
            if (source := getattr(self, target)) is not None:
                yield target, source


class TapeMapping(BaseModel):
    """A mapping as read; `name` and `digest` (SHA-256 of its TOML) say which one a tape was read by."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    digest: str
    title: str = ""
    encoding: Literal["utf-8", "gb18030"] = "utf-8"
    delimiter: Literal[",", ";", "\t", "|"] = ","
    strip: bool = False
    keep: Words = ()
    ignore: Words = ()
    codes: dict[str, Words] = {}
    loan: Annotated[LoanFields, Field()]

    def personal_columns(self) -> frozenset[str]:
        return frozenset(
            source.column
            for target, source in self.loan.sources()
            if target in PERSONAL_TARGETS and source.column is not None
        )

    def needed_columns(self) -> list[str]:
        """Mapped and kept columns, each once: what a tape must have."""
        mapped = [source.column for _, source in self.loan.sources() if source.column is not None]
        return list(dict.fromkeys([*mapped, *self.keep]))


def shipped_mappings() -> tuple[str, ...]:
    """The names of the mappings that come with the program."""
    return shipped.names("mappings")


def load_mapping(name_or_path: str) -> TapeMapping:
    """Read a shipped mapping by its name, or a user's own by the path of its `.toml` file.

    Raises a Refusal that names the file, the key and what to do.
    """
    name, raw = shipped.read(name_or_path, "mappings")
    document = shipped.parsed(name_or_path, raw)
    for own in ("name", "digest"):
        if own in document:
            raise refusals.UnknownKey(field="mapping", file=name_or_path, key=own, allowed=_top_keys())
    try:
        mapping = TapeMapping.model_validate(
            {**document, "name": name, "digest": hashlib.sha256(raw).hexdigest()},
        )
    except ValidationError as problem:
        raise _refusal(name_or_path, problem.errors()[0]) from None
    _check_columns(name_or_path, mapping)
    return mapping


def _refusal(file: str, error: Any) -> Exception:
    """The first thing wrong, as the rule that it breaks."""
    where, kind = [str(part) for part in error["loc"]], error["type"]
    key = ".".join(where)
    if kind == "extra_forbidden" and where[0] == "loan" and len(where) == 2:
        return refusals.UnknownTarget(
            field="mapping", file=file, key=where[1], allowed=", ".join(LoanFields.model_fields)
        )
    if kind == "extra_forbidden":
        return refusals.UnknownKey(field="mapping", file=file, key=key, allowed=_keys_beside(where))
    if kind == "missing":
        return refusals.MissingTarget(field="mapping", file=file, key=key)
    return refusals.BadMapping(field="mapping", file=file, key=key, problem=error["msg"].removeprefix("Value error, "))


def _keys_beside(where: list[str]) -> str:
    if where[0] != "loan":
        return _top_keys()
    annotation = LoanFields.model_fields[where[1]].annotation
    kinds = [annotation, *getattr(annotation, "__args__", ())]
    return next(", ".join(kind.model_fields) for kind in kinds if isinstance(kind, type) and issubclass(kind, Source))


def _top_keys() -> str:
    return ", ".join(key for key in TapeMapping.model_fields if key not in ("name", "digest"))


def _check_columns(file: str, mapping: TapeMapping) -> None:
    """A column is mapped, kept or ignored, never two of these; a personal one is mapped once."""
    seen: dict[str, str] = {}
    personal = mapping.personal_columns()
    places = [(f"loan.{target}", source.column) for target, source in mapping.loan.sources()]
    places += [(group, column) for group in ("keep", "ignore") for column in getattr(mapping, group)]
    for place, column in places:
        if column is None:
            continue
        both_mapped = place.startswith("loan.") and column not in personal
        if column in seen and not both_mapped:
            raise refusals.ColumnUsedTwice(field="mapping", file=file, column=column, first=seen[column], second=place)
        seen.setdefault(column, place)
    _check_references(file, mapping, coded=set(seen) - personal - set(mapping.ignore))


def _check_references(file: str, mapping: TapeMapping, *, coded: set[str]) -> None:
    """Code lists speak of columns that are recorded, and a derivation of fields that the mapping says."""
    for column in mapping.codes:
        if column not in coded:
            problem = "codes are listed for a mapped or kept column that is not personal"
            raise refusals.BadMapping(field="mapping", file=file, key=f"codes.{column}", problem=problem)
    loan = mapping.loan
    derived = loan.charged_off is not None and loan.charged_off.derive is not None
    if derived and (loan.paid_principal is None or loan.outstanding is None or loan.status.column is None):
        problem = "deriving it needs paid_principal and outstanding, and a column for status"
        raise refusals.BadMapping(field="mapping", file=file, key="loan.charged_off", problem=problem)
