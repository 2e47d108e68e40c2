"""The emulator's faults, as a client sees them over a real socket."""

import base64
import json
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Callable

import httpx
import pytest

from kyc_portal.sandbox.emulator import EmulatorServer
from kyc_portal.sandbox.emulator.faults import FAULTS
from tests.contract.conftest import wait_for
from tests.contract.tc3 import body_of, call, code_of, post, signed_headers


@pytest.fixture(scope="session")
def body(photo: bytes, clip: bytes) -> bytes:
    return body_of(photo, clip)


@pytest.mark.parametrize("status", [500, 502, 503])
def test_it_fails_like_a_gateway(emulator: EmulatorServer, body: bytes, status: int) -> None:
    emulator.script(fault=f"http_{status}")
    assert post(emulator.url, body).status_code == status
    row = emulator.calls()[0]
    assert (row["answer"], row["http_status"]) == (f"http_{status}", status)


def test_it_answers_with_a_web_page(emulator: EmulatorServer, body: bytes) -> None:
    emulator.script(fault="html")
    response = post(emulator.url, body)
    assert (response.status_code, response.headers["content-type"]) == (200, "text/html")


def test_it_cuts_an_answer_in_half(emulator: EmulatorServer, body: bytes) -> None:
    emulator.script(fault="truncated")
    with pytest.raises(httpx.RemoteProtocolError, match="complete message body"):
        post(emulator.url, body)


def test_it_resets_the_connection_after_the_headers(emulator: EmulatorServer, body: bytes) -> None:
    emulator.script(fault="reset")
    with pytest.raises(httpx.ReadError):
        post(emulator.url, body)


def test_it_drips_an_answer_byte_by_byte(emulator: EmulatorServer, body: bytes) -> None:
    emulator.script(fault="drip")
    headers = signed_headers(httpx.URL(emulator.url).netloc.decode(), body)
    with (
        httpx.Client(trust_env=False) as client,
        client.stream("POST", emulator.url, content=body, headers=headers) as response,
    ):
        first = [piece for piece, _ in zip(response.iter_raw(), range(3), strict=False)]
    assert b"".join(first) == b'{"R'


def test_it_hangs_until_the_client_gives_up(emulator: EmulatorServer, body: bytes) -> None:
    emulator.script(fault="hang")
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(
            emulator.url,
            content=body,
            headers=signed_headers(httpx.URL(emulator.url).netloc.decode(), body),
            timeout=httpx.Timeout(30, read=0.2),
            trust_env=False,
        )
    wait_for(lambda: emulator.calls()[0]["finished_at"] is not None)
    assert emulator.calls()[0]["http_status"] is None


def test_stopping_ends_a_call_that_hangs(body: bytes) -> None:
    met: list[Exception] = []

    def ask() -> None:
        try:
            post(emulator.url, body)
        except httpx.TransportError as error:
            met.append(error)

    with EmulatorServer() as emulator:
        emulator.script(fault="hang")
        client = threading.Thread(target=ask)
        client.start()
        wait_for(lambda: any(row["answer"] == "hang" for row in emulator.calls()))
    client.join()
    assert len(met) == 1


def test_a_null_frame(emulator: EmulatorServer, body: bytes) -> None:
    emulator.script(fault="null_frame")
    assert call(emulator.url, body)["BestFrameBase64"] is None


def test_a_frame_that_is_no_jpeg(emulator: EmulatorServer, body: bytes) -> None:
    emulator.script(fault="bad_frame")
    assert base64.b64decode(call(emulator.url, body)["BestFrameBase64"]) == b"not a JPEG"


def test_a_sim_that_is_not_a_number(emulator: EmulatorServer, body: bytes) -> None:
    emulator.script(fault="sim_nan")
    assert '"Sim": NaN' in post(emulator.url, body).text


def test_a_result_given_twice(emulator: EmulatorServer, body: bytes) -> None:
    emulator.script(fault="duplicate_keys")
    text = post(emulator.url, body).text
    pairs = json.loads(text, object_pairs_hook=list)[0][1]
    assert [value for name, value in pairs if name == "Result"] == [
        "FailedOperation.CompareLowSimilarity",
        "Success",
    ]


def test_an_answer_without_a_request_id(emulator: EmulatorServer, body: bytes) -> None:
    emulator.script(fault="no_request_id")
    assert "RequestId" not in post(emulator.url, body).json()["Response"]


@pytest.mark.parametrize("fault", ["null_frame", "bad_frame", "sim_nan", "duplicate_keys", "no_request_id"])
def test_no_fault_makes_a_wrong_video_pass(
    emulator: EmulatorServer, photo: bytes, make_clip: Callable[..., bytes], fault: str
) -> None:
    emulator.script(fault=fault)
    answer = post(emulator.url, body_of(photo, make_clip("webm", "libvpx"))).json()["Response"]
    assert code_of(answer) == "FailedOperation.VideoDecodeFailed"


@pytest.mark.parametrize("fault", ["http_500", "null_frame", "sim_nan", "duplicate_keys", "no_request_id"])
def test_faults_apply_to_calls_that_fail_a_check_too(emulator: EmulatorServer, fault: str) -> None:
    emulator.script(fault=fault)
    response = post(emulator.url, b"{}")
    assert response.status_code == FAULTS[fault].status
    assert emulator.calls()[0]["answer"] == fault


def test_a_scripted_latency_holds_the_answer_back(emulator: EmulatorServer, body: bytes) -> None:
    emulator.script(latency_ms=120)
    call(emulator.url, body)
    row = emulator.calls()[0]
    assert row["finished_monotonic"] - row["arrived_monotonic"] >= 0.12  # type: ignore[operator]


def test_a_client_that_breaks_off_while_sending_is_in_the_ledger(
    emulator: EmulatorServer, body: bytes
) -> None:
    with socket.create_connection((emulator.host, emulator.port)) as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        client.sendall(b"POST / HTTP/1.1\r\nContent-Length: 1000\r\n\r\nhalf")
    wait_for(lambda: bool(emulator.calls()) and emulator.calls()[0]["finished_at"] is not None)
    assert emulator.calls()[0]["answer"] is None
    assert code_of(call(emulator.url, body)) == "Success"


def test_it_starts_again_on_its_port_with_its_ledger(body: bytes) -> None:
    server = EmulatorServer()
    with server:
        call(server.url, body)
        url = server.url
    with pytest.raises(httpx.ConnectError):
        post(url, body)
    with server:
        assert server.url == url
        call(url, body)
    assert len(server.calls()) == 2


def test_it_runs_as_a_program_without_django(body: bytes) -> None:
    command = [sys.executable, "-m", "kyc_portal.sandbox.emulator", "--port", "0", "--secret-id", "me"]
    with subprocess.Popen([*command, "--secret-key", "mine"], stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout
        line = program.stdout.readline().strip()
        assert line.startswith("emulator listening on http://127.0.0.1:")
        assert code_of(call(line.split()[-1], body, secret_id="me", secret_key="mine")) == "Success"
        program.terminate()
        assert program.wait(timeout=20) == 0


def test_it_imports_nothing_of_the_portal() -> None:
    probe = "import sys, kyc_portal.sandbox.emulator.__main__; print(*sys.modules)"
    shown = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    loaded = set(shown.stdout.split())
    own = {"kyc_portal", "kyc_portal.sandbox"}
    ours = {name for name in loaded if name.startswith("kyc_portal")} - own
    assert all(name.startswith("kyc_portal.sandbox.emulator") for name in ours)
    assert not loaded & {"django", "celery", "verification", "httpx"}
