"""Outside systems: whatever comes back is figures, or a cause in one word; nothing else gets through."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from socketserver import BaseRequestHandler, ThreadingTCPServer
from threading import Thread
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import InvalidInput
from domain.loan_application.events import Source
from ledger.outside import FixtureSource, HttpSource, NoSource, OutsideProblem, Request, entered_figures, figures_of

ID = "379999199001011232"
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


def test_an_individual_s_business_is_asked_for_by_the_owner_s_id_number(tmp_path: Path) -> None:
    of_owner = request("market_regulator").model_copy(update={"credit_code": None})
    (tmp_path / "market_regulator").mkdir()
    (tmp_path / "market_regulator" / f"{ID}.json").write_text(json.dumps({"id_number": ID, "status": "in_business"}))
    answer = FixtureSource(tmp_path).ask(of_owner)
    assert figures_of(of_owner, answer) == {"status": "in_business"}
    other = json.dumps({"id_number": CODE, "status": "in_business"}).encode()
    assert problem(lambda: figures_of(of_owner, other)) == "contradictory"


@pytest.mark.parametrize(
    ("source", "given", "figures"),
    [
        ("market_regulator", {"status": "in_business", "staff": "012"}, {"status": "in_business", "staff": "12"}),
        ("civil_affairs", {"marital": "widowed"}, {"marital": "widowed"}),
        ("credit_registry", {"overdue": "yes"}, {"overdue": "yes", "loans": ""}),
        (
            "credit_registry",
            {"overdue": "no", "loans": "housing:1.50:spouse;"},
            {"overdue": "no", "loans": "housing:1.50:spouse"},
        ),
    ],
)
def test_figures_entered_by_hand_are_those_that_the_source_would_give(
    source: Source, given: dict[str, str], figures: dict[str, str]
) -> None:
    assert entered_figures(source, given) == figures


@pytest.mark.parametrize(
    ("source", "given", "field"),
    [
        ("civil_affairs", {"a": "b"}, "figures"),
        ("civil_affairs", {"marital": "single", "name": "张三 379999199001011232"}, "figures"),
        ("civil_affairs", {"marital": "其他"}, "figures.marital"),
        ("market_regulator", {"staff": "1"}, "figures.status"),
        ("market_regulator", {"status": "fine"}, "figures.status"),
        ("market_regulator", {"status": "in_business", "staff": "²"}, "figures.staff"),
        ("market_regulator", {"status": "in_business", "staff": "-1"}, "figures.staff"),
        ("market_regulator", {"status": "in_business", "staff": "9999999999"}, "figures.staff"),
        ("market_regulator", {"status": "in_business", "staff": "1", "hired": "2"}, "figures.hired"),
        ("credit_registry", {"loans": ""}, "figures.overdue"),
        ("credit_registry", {"overdue": "maybe"}, "figures.overdue"),
        ("credit_registry", {"overdue": "no", "loans": "…"}, "figures.loans"),
        ("credit_registry", {"overdue": "no", "loans": "housing:1e9:borrower"}, "figures.loans"),
        ("credit_registry", {"overdue": "no", "loans": "housing:1.234:borrower"}, "figures.loans"),
        ("credit_registry", {"overdue": "no", "loans": "张三:1:borrower"}, "figures.loans"),
        ("credit_registry", {"overdue": "no", "loans": "housing:1:cousin"}, "figures.loans"),
    ],
)
def test_what_no_source_would_say_is_not_entered(source: Source, given: dict[str, str], field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        entered_figures(source, given)
    assert refused.value.field == field
    assert "379999199001011232" not in str(refused.value)


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


OK = b"HTTP/1.1 200 OK\r\n"


class Wire(BaseRequestHandler):
    """Sends the bytes of the path's number, one by one where they are many and slow."""

    server: Wires

    def handle(self) -> None:
        while not self.request.recv(65536).endswith(b"}"):
            pass
        for piece in self.server.pieces:
            with suppress(OSError):
                self.request.sendall(piece)
                time.sleep(self.server.pause)


class Wires(ThreadingTCPServer):
    daemon_threads = True
    pieces: tuple[bytes, ...] = ()
    pause = 0.0


@pytest.fixture
def wires() -> Iterator[Wires]:
    with Wires(("127.0.0.1", 0), Wire) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def asked_of(wires: Wires, seconds: int = 5) -> str:
    source = HttpSource(f"http://127.0.0.1:{wires.server_address[1]}", seconds=seconds)
    return problem(lambda: figures_of(request("civil_affairs"), source.ask(request("civil_affairs"))))


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        (b"garbage\r\n\r\n", "malformed"),
        (OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}", "malformed"),
        (OK + b"X: " + b"a" * 70_000 + b"\r\n\r\n", "malformed"),
        (OK + b"X: y\r\n" * 200 + b"\r\n", "malformed"),
        (OK + b"Content-Length: 500\r\n\r\n{}", "malformed"),
        (OK + b"Content-Length: 2000000\r\n\r\n" + b" " * 2_000_000, "malformed"),
        (OK + b"Content-Length: 200000\r\n\r\n" + b"[" * 200_000, "malformed"),
        (OK + b"Content-Length: 0\r\n\r\n", "malformed"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", "unreachable"),
        (b"HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\n\r\n", "unreachable"),
        (b"HTTP/1.1 401 Unauthorized\r\n\r\n", "refused"),
        (b"", "unreachable"),
    ],
)
def test_a_reply_that_is_no_reply_is_named_by_its_cause(wires: Wires, sent: bytes, said: str) -> None:
    wires.pieces = (sent,)
    assert asked_of(wires) == said


def test_an_answer_without_a_length_ends_with_its_connection(wires: Wires) -> None:
    wires.pieces = (OK + b"\r\n" + json.dumps(CIVIL).encode(),)
    asked = request("civil_affairs")
    assert figures_of(asked, HttpSource(f"http://127.0.0.1:{wires.server_address[1]}").ask(asked)) == {
        "marital": "married"
    }


@pytest.mark.parametrize("head", [OK, OK + b"Content-Length: 20\r\n\r\n"])
def test_an_answer_that_drips_is_late_when_the_time_is_over(wires: Wires, head: bytes) -> None:
    wires.pieces, wires.pause = (head, *[b"a"] * 20), 0.4
    began = time.monotonic()
    assert asked_of(wires, seconds=1) == "late"
    assert time.monotonic() - began < 3


def test_nothing_of_an_answer_is_converted_and_no_name_counts_twice() -> None:
    for odd in ({"overdue": "off"}, {"overdue": 0}, {"loans": [{"kind": "housing", "amount": 9}]}):
        assert problem(lambda odd=odd: figures("credit_registry", CREDIT | odd)) == "malformed"  # type: ignore[misc]
    assert problem(lambda: figures("market_regulator", MARKET | {"staff": "20"})) == "malformed"
    twice = f'{{"id_number": "{ID}", "overdue": true, "overdue": false}}'.encode()
    assert problem(lambda: figures_of(request("credit_registry"), twice)) == "malformed"


@pytest.mark.parametrize(
    "base",
    ["file:///etc", "ftp://x", "//x", "", "http://", "http://a:b", "http://registry.example", "http://u:p@127.0.0.1",
     "http://127.0.0.1.example", "https://["],
)  # fmt: skip
def test_only_addresses_that_may_see_id_numbers_are_asked(base: str) -> None:
    with pytest.raises(InvalidInput, match="https"):
        HttpSource(base)


def test_this_machine_may_be_asked_without_encryption() -> None:
    for base in ("http://localhost:1", "http://127.0.0.9/x", "http://[::1]:8", "https://registry.example/x"):
        HttpSource(base)
