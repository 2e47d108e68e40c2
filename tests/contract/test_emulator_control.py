"""The emulator's own endpoints: scripts, ledger, and access to them."""

import json
import socket
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from kyc_portal.sandbox.emulator import EmulatorServer
from tests.contract.tc3 import body_of, call, code_of


@pytest.fixture(scope="session")
def body(photo: bytes, clip: bytes) -> bytes:
    return body_of(photo, clip)


def script(emulator: EmulatorServer, **step: Any) -> httpx.Response:
    return httpx.post(f"{emulator.url}/_emulator/script", json=step, trust_env=False)


def ledger(emulator: EmulatorServer, query: str = "") -> list[dict[str, Any]]:
    response = httpx.get(f"{emulator.url}/_emulator/ledger{query}", trust_env=False)
    rows: list[dict[str, Any]] = response.json()["calls"]
    return rows


def outcomes(emulator: EmulatorServer, body: bytes, count: int) -> list[tuple[str, float | None]]:
    answers = [call(emulator.url, body) for _ in range(count)]
    return [(code_of(answer), answer.get("Sim")) for answer in answers]


@pytest.mark.parametrize(
    ("step", "outcome"),
    [
        ({}, ("Success", 92.5)),
        ({"sim": 74.2}, ("Success", 74.2)),
        ({"result": "Success", "sim": 69.9}, ("Success", 69.9)),
        ({"sim": 150}, ("Success", 150)),
        ({"result": "FailedOperation.CompareLowSimilarity"}, ("FailedOperation.CompareLowSimilarity", 42.0)),
        ({"result": "FailedOperation.ActionFirstAction"}, ("FailedOperation.ActionFirstAction", 0)),
        ({"result": "NewCode.Foo"}, ("NewCode.Foo", 0)),
        ({"error": "UnauthorizedOperation.Arrears"}, ("UnauthorizedOperation.Arrears", None)),
    ],
)
def test_it_answers_as_scripted(
    emulator: EmulatorServer, body: bytes, step: dict[str, Any], outcome: tuple[str, float | None]
) -> None:
    assert script(emulator, **step).status_code == 200
    assert outcomes(emulator, body, 2) == [outcome, ("Success", 92.5)]


def test_scripts_queue_up_in_order(emulator: EmulatorServer, body: bytes) -> None:
    script(emulator, result="A.One", times=2)
    shown = script(emulator, error="B.Two").json()["queue"]
    assert [(step["result"], step["error"], step["times"]) for step in shown] == [
        ("A.One", None, 2),
        ("Success", "B.Two", 1),
    ]
    assert [code for code, _ in outcomes(emulator, body, 4)] == ["A.One", "A.One", "B.Two", "Success"]


def test_the_queue_can_be_cleared(emulator: EmulatorServer, body: bytes) -> None:
    script(emulator, result="A.One", times=5)
    assert script(emulator, clear=True).json() == {"queue": []}
    assert outcomes(emulator, body, 1) == [("Success", 92.5)]


def test_a_badly_signed_call_uses_up_no_script(emulator: EmulatorServer, body: bytes) -> None:
    script(emulator, result="A.One")
    call(emulator.url, body, secret_key="wrong")
    assert outcomes(emulator, body, 1) == [("A.One", 0)]


def test_checks_come_before_a_scripted_success(
    emulator: EmulatorServer, photo: bytes, make_clip: Callable[..., bytes]
) -> None:
    script(emulator, result="Success", sim=99)
    answer = call(emulator.url, body_of(photo, make_clip("webm", "libvpx")))
    assert code_of(answer) == "FailedOperation.VideoDecodeFailed"


@pytest.mark.parametrize(
    ("step", "says"),
    [
        ({"outcome": "Success"}, "Unknown key"),
        ({"result": 7}, "result must be"),
        ({"sim": "high"}, "sim must be"),
        ({"sim": True}, "sim must be"),
        ({"error": "not a code"}, "error must be"),
        ({"fault": "earthquake"}, "fault must be"),
        ({"fault": ["hang"]}, "fault must be"),
        ({"times": 0}, "times must be"),
        ({"latency_ms": -1}, "latency_ms must be"),
        ({"result": "Success", "error": "A.B"}, "not with both"),
        ({"clear": False}, "Unknown key"),
    ],
)
def test_it_refuses_a_wrong_script_with_a_sentence(
    emulator: EmulatorServer, step: dict[str, Any], says: str
) -> None:
    response = script(emulator, **step)
    assert response.status_code == 400
    assert says in response.json()["error"]


@pytest.mark.parametrize("raw", [b"", b"[]", b"{", b'{"sim": NaN}', b'{"times": 1, "times": 2}'])
def test_a_script_is_one_strict_json_object(emulator: EmulatorServer, raw: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    response = httpx.post(f"{emulator.url}/_emulator/script", content=raw, headers=headers, trust_env=False)
    assert response.status_code == 400


def test_the_ledger_has_one_row_a_call_in_order_of_arrival(emulator: EmulatorServer, body: bytes) -> None:
    call(emulator.url, body)
    call(emulator.url, body, secret_key="wrong")
    rows = ledger(emulator)
    assert [row["number"] for row in rows] == [1, 2]
    assert [row["answer"] for row in rows] == ["Success", "AuthFailure.SignatureFailure"]
    assert rows[0]["arrived_at"] < rows[0]["finished_at"] < rows[1]["arrived_at"]


def test_a_row_tells_what_was_asked_and_answered(emulator: EmulatorServer, photo: bytes, clip: bytes) -> None:
    body = body_of(photo, clip, "ACTION", "4,2")
    answer = call(emulator.url, body, X_TC_Region="ap-hongkong")
    row = ledger(emulator)[0]
    assert (row["liveness_type"], row["validate_data"], row["region"]) == ("ACTION", "4,2", "ap-hongkong")
    assert (row["request_id"], row["sim"], row["http_status"]) == (answer["RequestId"], 92.5, 200)
    assert row["body_size"] == len(body)


def test_the_ledger_can_be_cut_short_and_cleared(emulator: EmulatorServer, body: bytes) -> None:
    outcomes(emulator, body, 3)
    assert [row["number"] for row in ledger(emulator, "?last=2")] == [2, 3]
    assert httpx.delete(f"{emulator.url}/_emulator/ledger", trust_env=False).status_code == 200
    assert ledger(emulator) == []


@pytest.mark.parametrize("path", ["/", "/_emulator/page.css", "/_emulator/page.js", "/_emulator/icon.svg"])
def test_the_page_comes_with_a_strict_policy(emulator: EmulatorServer, path: str) -> None:
    response = httpx.get(emulator.url + path, trust_env=False)
    assert response.status_code == 200
    assert "unsafe" not in response.headers["content-security-policy"]
    assert "default-src 'none'" in response.headers["content-security-policy"]


def test_the_page_has_nothing_inline_and_nothing_from_outside(emulator: EmulatorServer) -> None:
    page = httpx.get(emulator.url, trust_env=False).text
    assert "judges no faces" in page
    assert not any(
        wrong in page for wrong in ("style=", "<style", "onclick", "http://", "https://", "<script>")
    )


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Content-Type": "text/plain"}, 415),
        ({"Content-Type": "application/x-www-form-urlencoded"}, 415),
        ({"Content-Type": "application/json", "Host": "rebound.example"}, 403),
        ({"Content-Type": "application/json", "Origin": "http://evil.example"}, 403),
        ({"Content-Type": "application/json", "Origin": "null"}, 403),
        ({"Content-Type": "application/json", "Sec-Fetch-Site": "cross-site"}, 403),
        ({"Content-Type": "application/json", "Sec-Fetch-Site": "same-site"}, 403),
        ({"Content-Type": "application/json", "Sec-Fetch-Site": "same-origin"}, 200),
        ({"Content-Type": "application/json", "Host": "localhost"}, 200),
    ],
)
def test_other_sites_cannot_script_it(emulator: EmulatorServer, headers: dict[str, str], status: int) -> None:
    address = f"{emulator.url}/_emulator/script"
    response = httpx.post(address, content=json.dumps({}), headers=headers, trust_env=False)
    assert response.status_code == status


@pytest.mark.parametrize("path", ["/", "/_emulator/ledger", "/_emulator/script"])
def test_other_hosts_cannot_look_at_it(emulator: EmulatorServer, path: str) -> None:
    response = httpx.get(emulator.url + path, headers={"Host": "rebound.example"}, trust_env=False)
    assert response.status_code == 403


@pytest.mark.parametrize("path", ["/nothing", "/_emulator/../server.py", "/_emulator/server.py"])
def test_it_serves_nothing_else(emulator: EmulatorServer, path: str) -> None:
    assert httpx.get(emulator.url + path, trust_env=False).status_code == 404


def test_a_huge_script_is_refused_without_being_kept(emulator: EmulatorServer) -> None:
    response = script(emulator, result="x" * 100_000)
    assert response.status_code == 413


@pytest.mark.parametrize(
    "noise",
    [
        b"\0\xff\0\n\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nab",
        b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        b"BREW / HTTP/1.1\r\n\r\n",
        b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\n\r\n",
    ],
)
def test_a_broken_client_does_not_disturb_the_others(
    emulator: EmulatorServer, body: bytes, noise: bytes
) -> None:
    with socket.create_connection((emulator.host, emulator.port)) as client:
        client.sendall(noise)
        client.shutdown(socket.SHUT_WR)
        response = b"".join(iter(lambda: client.recv(65536), b""))
    assert b"Traceback" not in response
    assert outcomes(emulator, body, 1) == [("Success", 92.5)]
