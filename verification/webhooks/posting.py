"""One POST to an address that the settings name: as it is, within one time limit, and so much of the answer is read.

The address is the operator's own, so it may lead into the organisation's network. For an address that anybody else may
choose this is not enough.
"""

from dataclasses import dataclass
from typing import Final

import httpx

from verification import outbound
from verification.liveness import Deadline, Misconfigured, proxy_of, tls_context
from verification.secret_files import Unreadable

# Seconds for a single wait, and for all of it.
WAIT: Final = 5.0
DEADLINE: Final = 10.0


class NotTaken(Exception):
    """It was not taken, or nobody knows. `code` is one of ours; what was answered is not kept."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Answer:
    status: int
    body: bytes


def post(url: str, body: bytes, headers: dict[str, str], *, most: int = 0) -> Answer:
    """The answer with its first `most` bytes, whatever its status; a redirect is not followed. Raises NotTaken."""
    with Deadline(DEADLINE) as deadline:
        try:
            return _post(url, body, headers, most, deadline)
        except (httpx.HTTPError, httpx.InvalidURL, OSError, Misconfigured, Unreadable):
            # Not chained: the library's message may quote the address, which is a secret.
            raise NotTaken("no_answer" if deadline.passed else "not_reached") from None


def _post(url: str, body: bytes, headers: dict[str, str], most: int, deadline: Deadline) -> Answer:
    way = outbound.route()
    client = httpx.Client(
        timeout=WAIT,
        trust_env=False,
        follow_redirects=False,
        proxy=proxy_of(way.proxy, way.ca_file),
        verify=tls_context(way.ca_file),
    )
    extensions = {"trace": deadline.follow}
    with client, client.stream("POST", url, content=body, headers=headers, extensions=extensions) as response:
        return Answer(response.status_code, _beginning(response, most))


def _beginning(response: httpx.Response, most: int) -> bytes:
    """As it comes over the wire: unpacked it may be larger by far."""
    content = b""
    if most:
        for chunk in response.iter_raw():
            content += chunk
            if len(content) >= most:
                break
    return content[:most]
