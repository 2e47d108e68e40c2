"""The emulator's own endpoints: script, default, presets, accounts, ledger, release of held replies, and a page.

The vendor has none of these. This module does not know the API's rules. Pages of other origins can't
use them: the Host has to be this machine's, and changes have to come as JSON, which a browser does
not send across origins without a preflight request.
"""

import ipaddress
import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from email.message import Message
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from kyc_portal.sandbox.emulator.accounts import Accounts, BadAccount, parse_accounts
from kyc_portal.sandbox.emulator.holds import Holds
from kyc_portal.sandbox.emulator.ledger import KEPT_CALLS, Ledger
from kyc_portal.sandbox.emulator.parameters import strict_json
from kyc_portal.sandbox.emulator.presets import listed
from kyc_portal.sandbox.emulator.script import DEFAULT, BadScript, ScriptQueue, parse_default, parse_step
from kyc_portal.sandbox.emulator.wire import JSON

CONTROL_BODY_LIMIT = 64 * 1024
PAGE = Path(__file__).parent / "page"
PAGE_FILES = {
    "/": ("index.html", "text/html; charset=utf-8"),
    "/_emulator/page.css": ("page.css", "text/css; charset=utf-8"),
    "/_emulator/page.js": ("page.js", "text/javascript; charset=utf-8"),
    "/_emulator/presets.js": ("presets.js", "text/javascript; charset=utf-8"),
    "/_emulator/ledger.js": ("ledger.js", "text/javascript; charset=utf-8"),
    "/_emulator/icon.svg": ("icon.svg", "image/svg+xml"),
}
SECURITY_HEADERS = (
    (
        "Content-Security-Policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'",
    ),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Cache-Control", "no-store"),
)


@dataclass(frozen=True)
class Page:
    body: bytes
    status: int = 200
    content_type: str = JSON


class Denied(Exception):
    """The request is not allowed or malformed; the message says why."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


Query = Mapping[str, str]
NOTHING: Query = {}
# The parameters that an address takes; the others take none.
QUERIES: Mapping[tuple[str, str], tuple[str, ...]] = {("GET", "/_emulator/ledger"): ("last",)}
HEALTH = "/healthz"


class Control:
    """`routes` has every control address with its methods."""

    def __init__(self, scripts: ScriptQueue, ledger: Ledger, holds: Holds, accounts: Accounts) -> None:
        self._scripts = scripts
        self._ledger = ledger
        self._holds = holds
        self._accounts = accounts
        self.routes: dict[str, dict[str, Callable[[Query, bytes], Page]]] = {
            "/_emulator/script": {"GET": self._queue, "POST": self._script},
            "/_emulator/default": {
                "GET": self._default,
                "POST": self._set_default,
                "DELETE": self._reset_default,
            },
            "/_emulator/presets": {"GET": self._presets},
            "/_emulator/accounts": {"GET": self._show_accounts, "POST": self._replace_accounts},
            "/_emulator/release": {"POST": self._release},
            "/_emulator/ledger": {"GET": self._calls, "DELETE": self._clear_ledger},
        }

    def serve(self, method: str, target: str, body: bytes) -> Page:
        url = urlsplit(target)
        if url.path in PAGE_FILES and method == "GET":
            name, content_type = PAGE_FILES[url.path]
            return Page((PAGE / name).read_bytes(), content_type=content_type)
        methods = self.routes.get(url.path)
        if methods is None:
            raise Denied(404, "There is nothing at this address.")
        if method not in methods:
            raise Denied(405, f"This address takes {' and '.join(methods)}.")
        if body and method != "POST":
            raise Denied(400, f"A {method} takes no body.")
        return methods[method](_parameters(url.query, QUERIES.get((method, url.path), ())), body)

    def _queue(self, query: Query = NOTHING, body: bytes = b"") -> Page:
        return _json({"queue": self._scripts.snapshot()})

    def _script(self, query: Query, body: bytes) -> Page:
        given = _object(body)
        if given == {"clear": True}:
            self._scripts.clear()
        else:
            with _denied():
                self._scripts.add(parse_step(given))
        return self._queue()

    def _default(self, query: Query = NOTHING, body: bytes = b"") -> Page:
        default = asdict(self._scripts.default)
        del default["times"]
        return _json({"default": default})

    def _set_default(self, query: Query, body: bytes) -> Page:
        with _denied():
            self._scripts.default = parse_default(_object(body))
        return self._default()

    def _reset_default(self, query: Query, body: bytes) -> Page:
        self._scripts.default = DEFAULT
        return self._default()

    def _presets(self, query: Query, body: bytes) -> Page:
        return _json({"families": listed()})

    def _show_accounts(self, query: Query = NOTHING, body: bytes = b"") -> Page:
        return _json({"accounts": self._accounts.snapshot()})

    def _replace_accounts(self, query: Query, body: bytes) -> Page:
        given = _object(body)
        if given.keys() != {"accounts"}:
            raise Denied(400, "Send an object with accounts, a list, and nothing else.")
        with _denied():
            self._accounts.replace(parse_accounts(given["accounts"]))
        return self._show_accounts()

    def _release(self, query: Query, body: bytes) -> Page:
        if body and _object(body):
            raise Denied(400, "A release lets all go that are held, and takes no settings.")
        return _json({"released": self._holds.release()})

    def _calls(self, query: Query, body: bytes) -> Page:
        last = query.get("last", str(KEPT_CALLS))
        if not re.fullmatch(r"[1-9][0-9]{0,4}", last):
            raise Denied(400, "last must be a whole number of 1 to 99999.")
        return _json({"calls": self._ledger.snapshot(int(last))})

    def _clear_ledger(self, query: Query, body: bytes) -> Page:
        self._ledger.clear()
        return _json({"calls": []})


def _parameters(query: str, known: tuple[str, ...]) -> Query:
    """The query's parameters; Denied for one that the address does not take, or that is given twice."""
    given = parse_qs(query, keep_blank_values=True)
    for name in sorted(given.keys() - set(known)):
        takes = f"takes {', '.join(known)} alone" if known else "takes none"
        raise Denied(400, f"Unknown parameter {name[:40]!r}: this address {takes}.")
    for name, values in given.items():
        if len(values) > 1:
            raise Denied(400, f"{name} is given twice.")
    return {name: values[0] for name, values in given.items()}


@contextmanager
def _denied() -> Iterator[None]:
    try:
        yield
    except (BadScript, BadAccount) as err:
        raise Denied(400, str(err)) from err


def check_origin(method: str, headers: Message, own_hosts: set[str]) -> None:
    """Raise Denied for requests that a page of another origin could make a browser send."""
    host = _host(headers)
    if not (host in own_hosts or is_loopback(host)):
        raise Denied(403, "The Host is not this emulator's.")
    origin = headers.get("Origin")
    if origin and origin != f"http://{headers['Host']}":
        raise Denied(403, "Requests from other sites are refused.")
    if headers.get("Sec-Fetch-Site", "none") not in ("none", "same-origin") and method != "GET":
        raise Denied(403, "Requests from other sites are refused.")
    if method == "POST" and headers.get_content_type() != JSON:
        raise Denied(415, f"Send it as {JSON}.")


def is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def healthy() -> Page:
    """The answer to a probe, whatever Host it names: it shows nothing and changes nothing."""
    return _json({"status": "ok"})


def problem(status: int, message: str) -> Page:
    return Page(json.dumps({"error": message}).encode(), status=status)


def _host(headers: Message) -> str:
    values = headers.get_all("Host", [])
    try:
        return (urlsplit(f"//{values[0]}").hostname or "") if len(values) == 1 else ""
    except ValueError:
        return ""


def _object(body: bytes) -> Mapping[str, object]:
    try:
        given = strict_json(body)
    except ValueError as err:
        raise Denied(400, "The body is not valid JSON.") from err
    if not isinstance(given, dict):
        raise Denied(400, "The body must be one JSON object.")
    return given


def _json(content: object) -> Page:
    return Page(json.dumps(content).encode())
