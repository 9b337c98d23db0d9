"""The clock 办理时限: working days of the Chinese calendar, make-up Saturdays and all; it stands still while an applicant corrects."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from domain.working_days import WorkCalendar


@dataclass(frozen=True)
class Clock:
    """`working_days` are given from acceptance to decision; the day of acceptance is not counted (R-PRO-3)."""

    calendar: WorkCalendar
    working_days: int

    def due_on(self, day: date, working_days: int) -> date:
        """The last day on which the decision is in time."""
        return self.calendar.add(day, working_days)

    def used(self, start: date, end: date) -> int:
        """Working days after `start` up to and including `end`."""
        return self.calendar.between(start, end)

    def provisional_years(self, start: date, end: date) -> tuple[int, ...]:
        """Years for which no calendar has been published yet, so that the day may still move."""
        return self.calendar.provisional_years(start, end)
