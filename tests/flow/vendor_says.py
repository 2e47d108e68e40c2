"""A vendor that answers with whatever fields or bytes the test gives it, which the emulator would never send."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.contract.vendor_socket import Line, VendorSocket, http


class Say:
    """Call it with the fields of the next answer, or with its raw bytes; a RequestId of its own is added."""

    def __init__(self, url: str = "") -> None:
        self.url = url
        self.asked = 0
        self._answers: list[bytes] = []
        self._said = 0

    def __call__(self, raw: bytes = b"", **fields: Any) -> None:
        self._said += 1
        given = {"RequestId": f"r-{self._said}", **fields}
        self._answers.append(raw or http(json.dumps({"Response": given}).encode()))

    def answer(self, line: Line) -> None:
        self.asked += 1
        line.send(self._answers.pop(0))


@contextmanager
def listening() -> Iterator[Say]:
    say = Say()
    with VendorSocket(say.answer) as vendor:
        say.url = vendor.url
        yield say
