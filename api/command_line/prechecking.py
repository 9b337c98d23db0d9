"""`policy precheck`: would somebody be eligible? Asked without an application 资格预审."""

from __future__ import annotations

from typing import Annotated

import typer

from api.command_line.app import CLEAN, REFUSED, facts_table, show
from api.command_line.applying import read_json
from api.command_line.policy import policy
from api.prechecks import Figures, precheck
from api.settings import Settings
from api.wiring import Installation


@policy.command("precheck")
def precheck_(
    context: typer.Context,
    figures: Annotated[str, typer.Argument(help="The applicant's figures as a JSON file, or - for standard input.")],
) -> int:
    """Would somebody be eligible? Every rule answers, in both languages; nothing is recorded 资格预审."""
    settings: Settings = context.obj
    given = Figures.model_validate(read_json(figures))
    with Installation(settings) as installation:
        document = precheck(installation.desk.book, given)
    said = {str(number): finding[settings.language] for number, finding in enumerate(document["findings"], 1)}
    show(settings, document, facts_table({"eligible": document["eligible"]} | said))
    return CLEAN if document["eligible"] else REFUSED
