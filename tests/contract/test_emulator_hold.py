"""The ledger shows calls that wait for an answer, and held answers go out on release."""

import socket
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from kyc_portal.sandbox.emulator import EmulatorServer
from tests.contract.conftest import wait_for
from tests.contract.tc3 import body_of, call, code_of, post, raw_request


@pytest.fixture(scope="session")
def body(photo: bytes, clip: bytes) -> bytes:
    return body_of(photo, clip)


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor() as made:
        yield made


def states(emulator: EmulatorServer) -> list[object]:
    return [row["state"] for row in emulator.calls()]


def all_are(emulator: EmulatorServer, state: str, count: int = 1) -> Callable[[], bool]:
    return lambda: states(emulator) == [state] * count


def release(emulator: EmulatorServer, **how: Any) -> httpx.Response:
    return httpx.post(f"{emulator.url}/_emulator/release", trust_env=False, **how)


def ask(emulator: EmulatorServer, body: bytes, pool: ThreadPoolExecutor) -> Future[dict[str, Any]]:
    return pool.submit(call, emulator.url, body)


def leave(emulator: EmulatorServer, body: bytes, state: str) -> None:
    """Starts a call, waits until the ledger has it, and closes the connection, as happens when a process is killed."""
    count = len(emulator.calls())
    with socket.create_connection((emulator.host, emulator.port)) as client:
        client.sendall(raw_request(emulator, body))
        wait_for(lambda: states(emulator)[count:] == [state])


def test_a_held_call_is_complete_and_judged_and_not_answered(
    emulator: EmulatorServer, body: bytes, pool: ThreadPoolExecutor
) -> None:
    emulator.script(fault="hold", sim=74.2)
    answer = ask(emulator, body, pool)
    wait_for(all_are(emulator, "held"))
    row = emulator.calls()[0]
    assert (row["answer"], row["sim"], row["body_size"]) == ("Success", 74.2, len(body))
    assert (row["http_status"], row["finished_at"], answer.done()) == (None, None, False)
    emulator.release()
    assert (answer.result()["Sim"], states(emulator)) == (74.2, ["answered"])


def test_all_that_are_held_go_at_once_and_are_counted(
    emulator: EmulatorServer, body: bytes, pool: ThreadPoolExecutor
) -> None:
    emulator.script(fault="hold", times=3)
    answers = [ask(emulator, body, pool) for _ in range(3)]
    wait_for(all_are(emulator, "held", 3))
    assert release(emulator, json={}).json() == {"released": 3}
    assert [code_of(answer.result()) for answer in answers] == ["Success"] * 3
    assert (emulator.release(), release(emulator, json={}).json()) == (0, {"released": 0})


def test_a_release_is_not_for_those_that_come_later(
    emulator: EmulatorServer, body: bytes, pool: ThreadPoolExecutor
) -> None:
    emulator.script(fault="hold")
    assert emulator.release() == 0
    ask(emulator, body, pool)
    wait_for(all_are(emulator, "held"))
    assert emulator.release() == 1


def test_a_held_call_deserves_what_it_deserves(
    emulator: EmulatorServer, photo: bytes, make_clip: Callable[..., bytes], pool: ThreadPoolExecutor
) -> None:
    emulator.script(fault="hold")
    answer = ask(emulator, body_of(photo, make_clip("webm", "libvpx")), pool)
    wait_for(all_are(emulator, "held"))
    emulator.release()
    assert code_of(answer.result()) == "FailedOperation.VideoDecodeFailed"


def test_a_call_is_held_though_its_client_has_gone_and_its_release_does_no_harm(
    emulator: EmulatorServer, body: bytes
) -> None:
    emulator.script(fault="hold", times=2)
    leave(emulator, body, "held")
    leave(emulator, body, "held")
    assert states(emulator) == ["held", "held"]
    assert emulator.release() == 2
    wait_for(lambda: all(row["finished_at"] for row in emulator.calls()))
    assert code_of(call(emulator.url, body)) == "Success"


def test_stopping_lets_go_of_held_calls_without_an_answer(body: bytes, pool: ThreadPoolExecutor) -> None:
    with EmulatorServer() as emulator:
        emulator.script(fault="hold")
        answer = pool.submit(post, emulator.url, body)
        wait_for(all_are(emulator, "held"))
    assert isinstance(answer.exception(), httpx.TransportError)
    wait_for(all_are(emulator, "broken_off"))
    assert emulator.release() == 0


@pytest.mark.parametrize("how", [{"json": {}}, {"headers": {"Content-Type": "application/json"}}])
def test_a_release_needs_no_body(emulator: EmulatorServer, how: dict[str, Any]) -> None:
    assert release(emulator, **how).json() == {"released": 0}


@pytest.mark.parametrize(
    ("how", "status"),
    [
        ({}, 415),
        ({"json": {"times": 1}}, 400),
        ({"json": []}, 400),
        ({"json": {}, "headers": {"Origin": "http://evil.example"}}, 403),
        ({"json": {}, "headers": {"Host": "rebound.example"}}, 403),
        ({"json": {}, "headers": {"Sec-Fetch-Site": "cross-site"}}, 403),
    ],
)
def test_other_sites_cannot_release_and_a_release_takes_no_settings(
    emulator: EmulatorServer, how: dict[str, Any], status: int
) -> None:
    assert release(emulator, **how).status_code == status


@pytest.mark.parametrize("step", [{"latency_ms": 60_000}, {"fault": "hang"}])
def test_a_call_that_sleeps_is_seen_waiting_until_its_client_leaves(
    emulator: EmulatorServer, body: bytes, step: dict[str, Any]
) -> None:
    emulator.script(**step)
    leave(emulator, body, "waiting")
    wait_for(all_are(emulator, "broken_off"))
    assert emulator.calls()[0]["http_status"] is None


def test_a_client_that_sends_more_than_asked_for_waits_like_any_other(
    emulator: EmulatorServer, body: bytes
) -> None:
    emulator.script(latency_ms=50)
    with socket.create_connection((emulator.host, emulator.port)) as client:
        client.sendall(raw_request(emulator, body) + b"more")
        response = b"".join(iter(lambda: client.recv(65536), b""))
    assert response.startswith(b"HTTP/1.1 200 OK")
    row = emulator.calls()[0]
    assert row["finished_monotonic"] - row["arrived_monotonic"] >= 0.05  # type: ignore[operator]


def test_a_call_whose_body_is_still_coming_is_seen_receiving(emulator: EmulatorServer) -> None:
    with socket.create_connection((emulator.host, emulator.port)) as client:
        client.sendall(b"POST / HTTP/1.1\r\nContent-Length: 1000\r\n\r\nhalf")
        wait_for(all_are(emulator, "receiving"))
    wait_for(all_are(emulator, "broken_off"))


def test_a_drip_is_seen_on_its_way(emulator: EmulatorServer, body: bytes) -> None:
    emulator.script(fault="drip")
    leave(emulator, body, "answering")


@pytest.mark.parametrize("step", [{}, {"fault": "http_500"}, {"error": "InternalError"}])
def test_what_was_answered_is_seen_as_such(
    emulator: EmulatorServer, body: bytes, step: dict[str, Any]
) -> None:
    emulator.script(**step)
    post(emulator.url, body)
    wait_for(all_are(emulator, "answered"))
