"""Outside systems: whatever comes back is figures, or a cause in one word; nothing else gets through."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.loan_application.events import Source
from ledger.outside import FixtureSource, HttpSource, NoSource, OutsideProblem, Request, figures_of

ID = "37081119900101123X"
CODE = "91370800MA3ABCDE1X"
MARKET = {"credit_code": CODE, "status": "in_business", "staff": 20, "hired": 3}
CIVIL = {"id_number": ID, "marital": "married"}
CREDIT = {
    "id_number": ID,
    "overdue": False,
    "loans": [{"kind": "consumer", "amount": "40000.00"}, {"kind": "housing", "amount": "1.5", "of": "spouse"}],
}


def request(source: Source) -> Request:
    return Request(source=source, id_number=ID, credit_code=CODE, consent="d" * 64)


def figures(source: Source, answer: Any) -> dict[str, str]:
    return figures_of(request(source), json.dumps(answer).encode())


def problem(act: Callable[[], object]) -> str:
    with pytest.raises(OutsideProblem) as raised:
        act()
    assert ID not in raised.value.detail
    return raised.value.problem


def test_answers_become_figures_without_names_and_numbers() -> None:
    assert figures("market_regulator", MARKET) == {"status": "in_business", "staff": "20", "hired": "3"}
    assert figures("civil_affairs", CIVIL | {"spouse_name": "somebody"}) == {"marital": "married"}
    loans = "consumer:40000.00:borrower;housing:1.5:spouse"
    assert figures("credit_registry", CREDIT) == {"overdue": "no", "loans": loans}


@pytest.mark.parametrize(
    ("source", "answer", "said"),
    [
        ("civil_affairs", CIVIL | {"id_number": "110101199001011234"}, "contradictory"),
        ("market_regulator", MARKET | {"credit_code": "X"}, "contradictory"),
        ("market_regulator", MARKET | {"hired": 21}, "contradictory"),
        ("market_regulator", MARKET | {"staff": -1}, "malformed"),
        ("market_regulator", MARKET | {"status": "fine"}, "malformed"),
        ("civil_affairs", {"id_number": ID}, "malformed"),
        ("civil_affairs", [], "malformed"),
        ("civil_affairs", None, "malformed"),
        ("credit_registry", CREDIT | {"overdue": "perhaps"}, "malformed"),
        ("credit_registry", CREDIT | {"loans": [{"kind": "a:b", "amount": "1"}]}, "malformed"),
        ("credit_registry", CREDIT | {"loans": [{"kind": "consumer", "amount": "1e9"}]}, "malformed"),
        ("credit_registry", CREDIT | {"loans": [{"kind": "consumer", "amount": "1.234"}]}, "malformed"),
    ],
)
def test_an_answer_of_no_use_is_named_by_its_cause(source: Source, answer: Any, said: str) -> None:
    assert problem(lambda: figures(source, answer)) == said


@given(st.sampled_from(["market_regulator", "civil_affairs", "credit_registry"]), st.binary(max_size=200))
def test_whatever_bytes_come_back_they_are_figures_or_a_cause(source: Source, answer: bytes) -> None:
    try:
        assert isinstance(figures_of(request(source), answer), dict)
    except OutsideProblem as said:
        assert said.problem in ("malformed", "contradictory")


def test_a_folder_answers_and_reaches_no_other_file(tmp_path: Path) -> None:
    (tmp_path / "civil_affairs").mkdir()
    (tmp_path / "civil_affairs" / f"{ID}.json").write_text(json.dumps(CIVIL))
    source = FixtureSource(tmp_path)
    assert json.loads(source.ask(request("civil_affairs"))) == CIVIL
    assert problem(lambda: source.ask(request("credit_registry"))) == "unreachable"
    sly = request("civil_affairs").model_copy(update={"id_number": "../civil_affairs/" + ID})
    assert problem(lambda: source.ask(sly)) == "refused"
    assert problem(lambda: NoSource().ask(request("civil_affairs"))) == "unreachable"


class Answering(BaseHTTPRequestHandler):
    """Answers as its path says."""

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path.startswith("/slow"):
            time.sleep(3)
        status = {"/forbidden/civil_affairs": 403, "/broken/civil_affairs": 500}.get(self.path, 200)
        answer = json.dumps(CIVIL | {"id_number": body["id_number"]}).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def address() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), Answering)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_over_http_an_answer_comes_or_its_cause(address: str) -> None:
    asked = request("civil_affairs")
    assert figures_of(asked, HttpSource(f"{address}/").ask(asked)) == {"marital": "married"}
    assert problem(lambda: HttpSource(f"{address}/forbidden").ask(asked)) == "refused"
    assert problem(lambda: HttpSource(f"{address}/broken").ask(asked)) == "unreachable"
    assert problem(lambda: HttpSource(f"{address}/slow", seconds=1).ask(asked)) == "late"
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        assert problem(lambda: HttpSource(f"http://127.0.0.1:{taken.getsockname()[1]}").ask(asked)) == "unreachable"


@pytest.mark.parametrize("base", ["file:///etc", "ftp://x", "gopher://x", "//x", ""])
def test_only_http_addresses_are_asked(base: str) -> None:
    with pytest.raises(ValueError, match="http"):
        HttpSource(base)
