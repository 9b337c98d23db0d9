"""Values that never change: frozen models, so that copying one is the one itself."""

from __future__ import annotations

from typing import Any, Self

from pydantic import BaseModel, ConfigDict

PLAIN = r"^[^\x00-\x1f\x7f]+$"
"""Text of one line without control characters, and not empty."""


class Frozen(BaseModel):
    """A value object; an unknown field is an error, not something to drop."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def __deepcopy__(self, memo: dict[int, Any] | None = None) -> Self:
        return self
