"""The emulator's own endpoints: script, ledger, release of held replies, and the page for people.

The vendor has none of these. This module does not know the API's rules. Pages of other origins can't
use them: the Host has to be this machine's, and changes have to come as JSON, which a browser does
not send across origins without a preflight request.
"""

import ipaddress
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import Message
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from kyc_portal.sandbox.emulator.holds import Holds
from kyc_portal.sandbox.emulator.ledger import KEPT_CALLS, Ledger
from kyc_portal.sandbox.emulator.parameters import strict_json
from kyc_portal.sandbox.emulator.script import BadScript, ScriptQueue, parse_step
from kyc_portal.sandbox.emulator.wire import JSON

CONTROL_BODY_LIMIT = 64 * 1024
PAGE = Path(__file__).parent / "page"
PAGE_FILES = {
    "/": ("index.html", "text/html; charset=utf-8"),
    "/_emulator/page.css": ("page.css", "text/css; charset=utf-8"),
    "/_emulator/page.js": ("page.js", "text/javascript; charset=utf-8"),
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


class Control:
    def __init__(self, scripts: ScriptQueue, ledger: Ledger, holds: Holds) -> None:
        self._scripts = scripts
        self._ledger = ledger
        self._holds = holds

    def serve(self, method: str, target: str, body: bytes) -> Page:
        url = urlsplit(target)
        match method, url.path:
            case "GET", "/_emulator/script":
                return self._queue()
            case "POST", "/_emulator/script":
                return self._script(body)
            case "POST", "/_emulator/release":
                return self._release(body)
            case "GET", "/_emulator/ledger":
                return self._calls(url.query)
            case "DELETE", "/_emulator/ledger":
                return self._clear_ledger()
            case "GET", path if path in PAGE_FILES:
                name, content_type = PAGE_FILES[path]
                return Page((PAGE / name).read_bytes(), content_type=content_type)
        raise Denied(404, "There is nothing at this address.")

    def _queue(self) -> Page:
        return _json({"queue": self._scripts.snapshot()})

    def _script(self, body: bytes) -> Page:
        given = _object(body)
        try:
            if given == {"clear": True}:
                self._scripts.clear()
            else:
                self._scripts.add(parse_step(given))
        except BadScript as err:
            raise Denied(400, str(err)) from err
        return self._queue()

    def _release(self, body: bytes) -> Page:
        if body and _object(body):
            raise Denied(400, "A release lets all go that are held, and takes no settings.")
        return _json({"released": self._holds.release()})

    def _calls(self, query: str) -> Page:
        last = parse_qs(query).get("last", [str(KEPT_CALLS)])[0]
        if not re.fullmatch(r"[1-9][0-9]{0,4}", last):
            raise Denied(400, "last must be a whole number above 0.")
        return _json({"calls": self._ledger.snapshot(int(last))})

    def _clear_ledger(self) -> Page:
        self._ledger.clear()
        return _json({"calls": []})


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
