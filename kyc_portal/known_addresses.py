"""Lines of requests with the words of our own addresses alone: everything else in an address is a stranger's text.

A link's token in a mistyped address can have any character in it, and a name has no form at all. So a part of a path
stays only if one of our URL patterns has it, or if it has the form of a public id or of a row's number. Queries go.
"""

import re
from collections.abc import Iterable, Iterator
from functools import cache
from http import HTTPStatus
from typing import Any, Final

from django.core.exceptions import AppRegistryNotReady, ImproperlyConfigured
from django.urls import URLPattern, URLResolver, get_resolver

HIDDEN: Final = "…"

PUBLIC_ID: Final = r"[a-z]{3,4}_[a-z2-7]{24}"
_ID = re.compile(rf"{PUBLIC_ID}|\d{{1,6}}")
_WORD = re.compile(r"[A-Za-z0-9._-]+")
# As Django and Gunicorn begin their lines of refused and failed requests.
_PHRASES = "|".join(re.escape(status.phrase) for status in HTTPStatus if status >= 400)
_REFUSED = re.compile(
    rf"(?P<words>\b(?:{_PHRASES})(?: \([^)/]{{0,100}}\))?: |Error handling request )(?P<address>/.*)",
    re.DOTALL,
)
# A line of an access log. Behind the size stand the referrer and the browser, which strangers write.
_ACCESS = re.compile(r"\"(?P<method>[A-Z]{1,20}) (?P<rest>/.*)", re.DOTALL)
_ANSWER = re.compile(r"[\d.]{1,3}\"(?: [\d-]{1,12}){0,2}")
# Gunicorn quotes what it could not read.
_UNREADABLE = re.compile(r"(?P<words>Invalid request from ip=[0-9a-fA-F.:]*: [^'\":]*).*", re.DOTALL)


def in_line(line: str) -> str:
    """`line`; if it tells of a request, its address as `readable` shows it."""
    line = _ACCESS.sub(_access, line)
    line = _UNREADABLE.sub(rf"\g<words>{HIDDEN}", line)
    return _REFUSED.sub(lambda found: found["words"] + readable(found["address"]), line)


def readable(address: str) -> str:
    """The path of `address`, each part that is not ours hidden; without its query."""
    path = re.split(r"[?#]", address, maxsplit=1)[0]
    return "/".join(_part(each) for each in path.split("/"))


def _access(found: re.Match[str]) -> str:
    address, version, rest = found["rest"].partition(" HTTP/")
    answer = _ANSWER.match(rest)
    return f'"{found["method"]} {readable(address)}{version}{answer[0] if answer else ""}'


def _part(part: str) -> str:
    return part if not part or part in _words() or _ID.fullmatch(part) else HIDDEN


def _words() -> frozenset[str]:
    try:
        return _words_of_our_addresses()
    except (AppRegistryNotReady, ImproperlyConfigured, ImportError):
        return frozenset()  # A line that is written before Django is ready.


@cache
def _words_of_our_addresses() -> frozenset[str]:
    parts = {part for route in _routes(get_resolver().url_patterns) for part in route.split("/")}
    return frozenset(part for part in parts | {"static", "healthz", "readyz"} if _WORD.fullmatch(part))


def _routes(patterns: Iterable[Any]) -> Iterator[str]:
    for each in patterns:
        if isinstance(each, URLPattern | URLResolver):
            yield str(each.pattern)
        if isinstance(each, URLResolver):
            yield from _routes(each.url_patterns)
