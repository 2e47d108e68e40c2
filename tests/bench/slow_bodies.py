"""What an honest visitor waits while slow clients send: the portal as it was beside today's, direct and through nginx.

"before" is the same code without the rule of `verification.slow_clients`, on Gunicorn's own threaded worker, behind a
proxy that passes every body on as it comes.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.flood import HOST, Flood, Request, await_start, head, wait
from tests.in_front import Nginx
from tests.services import SHIPPED, environment, gunicorn, migrated

SENDERS = (80, 500)
TIMES = 5
TARGETS = {"share_after_least": ">= 0.8"}

BEFORE = ("tests.flow.unguarded", "-k", "gthread", "--workers", "2", "--threads", "16")
PASS_ON = {"client_body_buffer_size 2m;": "proxy_request_buffering off;"}


def run() -> dict[str, Any]:
    figures: dict[str, Any] = {}
    with TemporaryDirectory() as folder:
        variables = _prepared(Path(folder))
        for name, options, replaced in (("before", BEFORE, PASS_ON), ("after", SHIPPED, {})):
            with _served(variables, options, replaced) as (port, nginx):
                figures |= _measured(name, port, nginx)
    shares = [value["share"] for key, value in figures.items() if "after" in key]
    return {"share_after_least": min(shares), **figures}


def _prepared(folder: Path) -> Mapping[str, str]:
    url = f"sqlite:///{folder / 'portal.sqlite3'}"
    variables = environment(url, "memory://", "http://127.0.0.1:9", folder, KYC_BEHIND_PROXY="1")
    return migrated(variables)


@contextmanager
def _served(
    variables: Mapping[str, str], options: tuple[str, ...], replaced: Mapping[str, str]
) -> Iterator[tuple[int, Nginx]]:
    with gunicorn(variables, *options) as (_process, where), Nginx(where[1], replaced) as nginx:
        await_start(where)
        yield where[1], nginx


def _measured(name: str, port: int, nginx: Nginx) -> dict[str, Any]:
    """By path, way and number of senders."""
    figures = {}
    for way, where, tls in (("direct", ("127.0.0.1", port), None), ("nginx", nginx.https, nginx.tls)):
        for senders in SENDERS:
            for path in ("/admin/login/", "/api/v1/verifications", "/verify/recording"):
                with Flood(where, head("POST", path, 4000), senders, tls=tls, addresses=200).running():
                    figures[f"{path}, {senders}, {way}, {name}"] = wait(
                        where, _page(), times=TIMES, tls=tls
                    ).figures
    return figures


def _page() -> Request:
    return Request("GET", "/verify/", 404, headers={"Host": HOST})
