"""How a mapping fills one field of a loan: from a column, by a constant, or by a stated derivation."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, partial
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from ledger.importing import conversions
from ledger.importing.conversions import CannotBe, Rounding
from ledger.importing.history import Status

Words = Annotated[tuple[str, ...], Field(strict=False)]

_REMEMBERED = 4096


def _remembering(convert: Callable[[str], Any]) -> Callable[[str], Any]:
    """Tapes repeat round amounts and small counts; a fact read once is not read again."""
    return lru_cache(maxsize=_REMEMBERED)(convert)


class Source(BaseModel):
    """A column, or `value`, one constant for every loan of the tape; a bare string is the name of a column.

    `empty` lists words that mean nothing there, beside the empty text; `expected` lists an empty cell as the exception
    `missing`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    column: str | None = None
    value: str | None = None
    empty: Words = ()
    expected: bool = False

    @model_validator(mode="before")
    @classmethod
    def _bare_column(cls, given: Any) -> Any:
        return {"column": given} if isinstance(given, str) else given

    @model_validator(mode="after")
    def _one_origin(self) -> Source:
        if sum(getattr(self, origin, None) is not None for origin in ("column", "value", "derive")) != 1:
            raise ValueError("say either column = (where it stands on the tape) or value = (the same for every loan)")
        if self.column is None and (self.empty or self.expected or getattr(self, "fill", None) is not None):
            raise ValueError("empty, fill and expected speak of a column; name it with column =")
        for key in ("value", "fill"):
            if (constant := getattr(self, key, None)) is not None:
                self._tried(key, constant)
        return self

    def _tried(self, key: str, constant: str) -> None:
        try:
            self.converter()(constant)
        except CannotBe as problem:
            raise ValueError(f"{key} = {constant!r} cannot be this field: {problem.rule}") from None

    def converter(self) -> Callable[[str], Any]:
        """From the text of a non-empty cell to the fact that it states; raises CannotBe."""
        return str


class Filled(Source):
    """`fill` stands in for an empty cell; it is the mapping's statement, not the tape's."""

    fill: str | None = None


class TextSource(Filled):
    """Text as it stands."""


class LoanNoSource(Source):
    """The loan's number; `prefix` makes it unique among tapes."""

    prefix: str = ""

    @model_validator(mode="after")
    def _of_a_column(self) -> LoanNoSource:
        if self.column is None:
            raise ValueError("every loan has a number of its own; name its column")
        return self

    def converter(self) -> Callable[[str], Any]:
        return partial(conversions.loan_no, prefix=self.prefix)


class AmountSource(Filled):
    """Yuan. `thousands = ","` accepts 1,234,567.00; `round` says how more than two decimals become two."""

    thousands: Literal[","] | None = None
    round: Rounding | None = None

    def converter(self) -> Callable[[str], Any]:
        return _remembering(partial(conversions.amount, thousands=self.thousands is not None, rounding=self.round))


class ChargeOffSource(AmountSource):
    """An amount, or what remains of the approved amount after principal paid and balance, for the named status words."""

    derive: Literal["approved_less_paid_and_outstanding"] | None = None
    when_status: Words = ()

    @model_validator(mode="after")
    def _derived_when(self) -> ChargeOffSource:
        if (self.derive is None) != (not self.when_status):
            raise ValueError("derive and when_status go together: say the words of the tape for which it is derived")
        return self


class DateSource(Source):
    """A day. `format` is strict; `day` is the day of the month assumed where the tape has months only."""

    format: str = "%Y-%m-%d"
    day: Annotated[int, Field(ge=1, le=28)] | None = None

    @model_validator(mode="after")
    def _known_format(self) -> DateSource:
        conversions.day_reader(self.format, self.day)
        return self

    def converter(self) -> Callable[[str], Any]:
        return conversions.day_reader(self.format, self.day)


class TermSource(Filled):
    """Months. `whole = "decimal"` accepts 36.0."""

    whole: Literal["digits", "decimal"] = "digits"

    def converter(self) -> Callable[[str], Any]:
        return _remembering(partial(conversions.term, decimal=self.whole == "decimal"))


class JobsSource(TermSource):
    """A count of jobs. From `implausible_from` upwards it is listed as the exception `implausible_job_count`."""

    implausible_from: Annotated[int, Field(ge=1)] | None = None

    def converter(self) -> Callable[[str], Any]:
        return _remembering(partial(conversions.whole, decimal=self.whole == "decimal"))


class RateSource(Filled):
    """An annual rate, a fraction; `percent = true` where the tape writes 14.07 for 0.1407."""

    percent: bool = False

    def converter(self) -> Callable[[str], Any]:
        return _remembering(partial(conversions.rate, percent=self.percent))


class StatusSource(Source):
    """How the loan stands: `codes` says what each word of the tape means; a word without a code is `unknown`."""

    codes: dict[str, Status] = {}

    @model_validator(mode="after")
    def _codes_of_a_column(self) -> StatusSource:
        if self.column is not None and not self.codes:
            raise ValueError("say codes = { word = paid_in_full, charged_off, open or unknown } for the column's words")
        if self.value is not None and self.value not in ("paid_in_full", "charged_off", "open", "unknown"):
            raise ValueError("value is one of paid_in_full, charged_off, open, unknown")
        return self


class PersonalSource(Source):
    """Somebody's: kept out of the values, of every message and of every exception."""

    @model_validator(mode="after")
    def _of_a_column(self) -> PersonalSource:
        if self.column is None:
            raise ValueError("personal data has a column of its own; it is not the same for every loan")
        return self
