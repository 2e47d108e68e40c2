"""Takes out of a text what no log may hold, by the shape of the value and not by where it stands.

Hidden are: random values of 32 characters and more (tokens of links, API keys, session keys, secrets, signatures,
pictures in Base64), passwords in addresses, e-mail addresses, bytes, and the values that a database quotes. Ids that
operators need stay readable: public ids, request ids and UUIDs. Control and direction characters are escaped, so that
no text can look like another line.
"""

import re
import socket
import traceback
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

HIDDEN: Final = "…"
MIN_RANDOM: Final = 32  # characters: a session key has 32, a link's token 43
MAX_TEXT: Final = 20_000  # characters: no line of ours is longer
# Of these characters: pieces of Base64 between its slashes can look like words.
MIN_UNREADABLE: Final = 20

_RUN = re.compile(rf"(?:[A-Za-z0-9_+/-]|%[0-9A-Fa-f]{{2}}){{{MIN_RANDOM},}}")
_PIECE = re.compile(r"[^/+]+")
# Words as in names of modules, tests and addresses: one case, or CamelCase, with a short number behind.
_WORD = r"(?:[a-z]{1,30}|[A-Z]{1,30}|(?:[A-Z][a-z]{2,29}){1,8})?\d{0,4}"
_PUBLIC_ID = r"[a-z]{3,4}_[a-z2-7]{24}"
_UUID = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
# Django ends names of constraints with these.
_SHORT_HASH = r"[0-9a-f]{8}"
_READABLE = re.compile(rf"(?:(?:{_PUBLIC_ID}|{_UUID}|{_SHORT_HASH}|{_WORD})(?:[_-]+|$))+")

_PASSWORD_IN_URL = re.compile(r"(?<=://)[^\s/@]{1,512}@")
_EMAIL = re.compile(
    r"[^\s@<>\"'(),;:=/\[\]]{1,64}(?:@|%40)(?P<host>[^\s@<>\"'(),;:/\[\]]{1,255}\.[^\s@<>\"'(),;:/\[\]]+)"
)
# PostgreSQL tells the values of a row behind these words, up to the end of its message.
_ROW = re.compile(
    r"(?P<word>\b(?:DETAIL|CONTEXT|STATEMENT|QUERY|parameters):|\bKey \(|\bFailing row contains).*", re.DOTALL
)
_BYTES = re.compile(r"\bb('|\")(?:\\.|(?!\1).)*(?:\1|$)", re.DOTALL)
# As Celery tells of an exception: the name of its class and what it quotes.
_REPR = re.compile(r"\b(?P<kind>[A-Z]\w*)\(b?['\"].*\)", re.DOTALL)
# Names of tables, columns and constraints are no values. The apostrophe of "can't" opens no quotation.
_QUOTED = re.compile(
    r"(?P<name>\b(?:constraint|column|relation|table) \"[a-z0-9_]+\")"
    r"|\"[^\"]*\"?|“[^”]*”?|‘[^’]*’?|`[^`]*`?"
    r"|(?<!\w)'(?:[^'\\]|\\.|'(?=\w))*'?",
    re.DOTALL,
)

# Exceptions whose messages name parts of the program or of the machine, and no values of a request.
_OF_THE_PROGRAM = (OSError, ImportError, NameError, AttributeError, MemoryError, RecursionError)
_OURS = ("verification.", "kyc_portal.")


def text(value: str) -> str:
    """`value` without secrets and personal data, in one line."""
    if len(value) > MAX_TEXT:  # the last word goes too: it may be half of a secret
        value = f"{value[:MAX_TEXT].rpartition(' ')[0]} {HIDDEN}"
    value = _ROW.sub(rf"\g<word> {HIDDEN}", value)
    value = _REPR.sub(rf"\g<kind>({HIDDEN})", value)
    value = _BYTES.sub(f"b'{HIDDEN}'", value)
    value = _RUN.sub(_without_random, value)
    value = _PASSWORD_IN_URL.sub(f"{HIDDEN}@", value)
    value = _EMAIL.sub(_without_person, value)
    return one_line(value)


def anything(value: Any) -> Any:
    """`value` as JSON can show it, each text in it redacted."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, Mapping):
        return {text(str(name)): anything(each) for name, each in value.items()}
    if isinstance(value, bytes | bytearray | memoryview):
        return f"{len(value)} bytes"
    if isinstance(value, BaseException):
        return f"{type(value).__name__}: {message(value)}"
    if isinstance(value, Sequence | set | frozenset) and not isinstance(value, str):
        return [anything(each) for each in value]
    return text(str(value))


def message(error: BaseException) -> str:
    """What an exception says, without the values that it quotes."""
    said = str(error)[:MAX_TEXT]
    if type(error).__module__.startswith(_OURS):
        return "\n".join(text(line) for line in said.splitlines())
    # A KeyError is its key, with no more quotes than the key needs.
    said = HIDDEN if isinstance(error, KeyError) else said
    if not isinstance(error, _OF_THE_PROGRAM):
        said = _QUOTED.sub(_without_value, _BYTES.sub(f"“{HIDDEN}”", said))
    return text(said)


def exception(error: BaseException) -> str:
    """The traceback with those of the causes: lines of code, without values and with redacted messages."""
    return "\n".join(_told(each) for each in _chain(error))


def one_line(value: str) -> str:
    """Control, direction and invisible characters as escapes."""
    if value.isascii() and value.isprintable():
        return value
    return "".join(_escaped(character) for character in value)


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The exception after its causes, the first cause first."""
    seen: list[BaseException] = []
    found: BaseException | None = error
    while found is not None and not any(found is each for each in seen):
        seen.append(found)
        found = found.__cause__ or (None if found.__suppress_context__ else found.__context__)
    return reversed(seen)


def _told(error: BaseException) -> str:
    frames = "".join(traceback.format_list(traceback.extract_tb(error.__traceback__)))
    return f"{frames}{type(error).__qualname__}: {message(error)}"


def _without_value(quoted: re.Match[str]) -> str:
    return quoted["name"] or f"“{HIDDEN}”"


def _without_random(run: re.Match[str]) -> str:
    """The run without what stands between its first and its last unreadable piece, if these can be a secret."""
    unreadable = [piece for piece in _PIECE.finditer(run[0]) if not _READABLE.fullmatch(piece[0])]
    if sum(len(piece[0]) for piece in unreadable) < MIN_UNREADABLE:
        return run[0]
    return run[0][: unreadable[0].start()] + HIDDEN + run[0][unreadable[-1].end() :]


def _without_person(address: re.Match[str]) -> str:
    """The names of our own workers have the form of an address too: liveness@ and the machine's name."""
    return address[0] if address["host"] == socket.gethostname() else f"{HIDDEN}@{HIDDEN}"


def _escaped(character: str) -> str:
    unsafe = unicodedata.category(character) in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
    return f"\\u{ord(character):04x}" if unsafe else character
