"""The minimal sender: `http.client`; reads the body once to hash and once to send; handles no failure."""

import hashlib
import json
import time
from collections.abc import Callable, Iterator
from http.client import HTTPConnection

import pybase64

from tests.bench.senders import ACTIONS, MODE, REGION, SECRET_ID, SECRET_KEY
from verification.liveness import ACTION, VERSION, Credentials, sign

SLICE = 192 * 1024


def sender(url: str) -> Callable[[bytes, bytes], None]:
    host = url.removeprefix("http://")

    def send(photo: bytes, video: bytes) -> None:
        digest, size = hashlib.sha256(), 0
        for piece in _body(photo, video):
            digest.update(piece)
            size += len(piece)
        connection = HTTPConnection(host, timeout=30)
        connection.request(
            "POST",
            "/",
            _body(photo, video),
            {"Content-Length": str(size), **_headers(host, digest.hexdigest())},
        )
        assert json.loads(connection.getresponse().read())["Response"]["Result"] == "Success"
        connection.close()

    return send


def _body(photo: bytes, video: bytes) -> Iterator[bytes]:
    yield f'{{"LivenessType":"{MODE}","ValidateData":"{ACTIONS}","ImageBase64":"'.encode()
    yield from _encoded(photo)
    yield b'","VideoBase64":"'
    yield from _encoded(video)
    yield b'"}'


def _encoded(media: bytes) -> Iterator[bytes]:
    view = memoryview(media)
    return (pybase64.b64encode(view[start : start + SLICE]) for start in range(0, len(view), SLICE))


def _headers(host: str, payload_sha256: str) -> dict[str, str]:
    timestamp = int(time.time())
    signed = {"Content-Type": "application/json", "Host": host}
    authorization = sign(Credentials(SECRET_ID, SECRET_KEY), signed, payload_sha256, timestamp=timestamp)
    return {
        **signed,
        "Authorization": authorization,
        "X-TC-Action": ACTION,
        "X-TC-Version": VERSION,
        "X-TC-Region": REGION,
        "X-TC-Timestamp": str(timestamp),
    }
