"""Takes out of a text what no log may hold, by the shape of the value and not by where it stands.

Hidden are: random values of 32 characters and more (tokens of links, API keys, session keys, secrets, signatures,
pictures in Base64), passwords in addresses, e-mail addresses, bytes, and the values that a database quotes. Ids that
operators need stay readable: public ids, request ids and UUIDs. Control and direction characters are escaped, so that
no text can look like another line.
"""

import re
import traceback
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from kyc_portal import known_addresses
from kyc_portal.known_addresses import HIDDEN, PUBLIC_ID

MIN_RANDOM: Final = 32  # characters: a session key has 32, a link's token 43
MIN_PART: Final = 16  # characters
MAX_TEXT: Final = 20_000  # characters: no line of ours is longer
# Of these characters: pieces of Base64 between its slashes can look like words.
MIN_UNREADABLE: Final = 20

_RUN = re.compile(rf"(?:[A-Za-z0-9_+/-]|%[0-9A-Fa-f]{{2}}){{{MIN_RANDOM},}}")
_PIECE = re.compile(r"[^/+]+")
# Words as in names of modules, tests and addresses: one case, or CamelCase, with a short number behind. In one case
# they are shorter than a random value: an authenticator's secret can be letters with a few digits behind.
_WORD = r"(?:[a-z]{1,24}|[A-Z]{1,24}|(?:[A-Z][a-z]{2,29}){1,8})?\d{0,4}"
_UUID = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
# Django ends names of constraints with these.
_SHORT_HASH = r"[0-9a-f]{8}"
# The repetition keeps what it has taken: tried in every other way, a run of such signs would never end.
_READABLE = re.compile(rf"(?:(?:{PUBLIC_ID}|{_UUID}|{_SHORT_HASH}|{_WORD})(?:[_-]+|$))++")
# A part of such a value, which some other character cut. In words, small letters stand in runs.
_PART = re.compile(
    r"(?<![A-Za-z0-9_-])(?=[A-Z0-9_-]*[a-z])(?=[a-z0-9_-]*[A-Z])(?=[A-Za-z_-]*\d)"
    rf"[A-Za-z0-9_-]{{{MIN_PART},}}"
)
_NO_WORD = re.compile(r"(?<![a-z])(?:[a-z]|(?<![A-Z])[a-z]{2})(?![a-z])|\d{5}")

_PASSWORD_IN_URL = re.compile(r"(?<=://)(?:(?!://)\S){1,512}@")
# The sign also as addresses, JSON, Python and other alphabets write it.
_AT = r"(?:@|%(?:25)*40|\\+u0040|\\+x40|&#(?:64|x40);|\uff20|\ufe6b)"
_EMAIL = re.compile(
    rf"(?P<person>[^\s@<>\"'(),;:=/\[\]\\]{{1,64}}?){_AT}(?P<host>[^\s@<>\"'(),;:/\[\]]{{1,255}})",
    re.IGNORECASE,
)
# Celery names a worker like this, of whatever machine.
_WORKER = re.compile(r"(?:celery|media|liveness|sweep)(?:-?\d{1,3})?")
_SECRET = re.compile(
    r"[\w-]{0,30}(?:password|passwd|pwd|passphrase|secret|token|(?:api|secret|private|access)_?key)",
    re.IGNORECASE,
)
_NAMED = re.compile(
    rf"(?P<name>\b{_SECRET.pattern}[\"']?(?:\s?=\s?|(?<=[\"']): ?))"
    r"(?:\"[^\"]*\"?|'[^']*'?|[^\s,;&\"')}]+)",
    re.IGNORECASE,
)
# PostgreSQL tells the values of a row behind these words, up to the end of its message.
_ROW = re.compile(
    r"(?P<word>\b(?:DETAIL|CONTEXT|STATEMENT|QUERY|parameters|LINE \d+):|\bKey \(|\bFailing row contains).*",
    re.DOTALL,
)
_BYTES = re.compile(r"\bb('|\")(?:\\.|(?!\1).)*(?:\1|$)", re.DOTALL)
# As Celery tells of an exception: the name of its class and what it quotes.
_REPR = re.compile(
    r"\b(?P<kind>\w*(?:Error|Exception|Warning|Failure|error|exception|timeout)(?=\([^)])"
    r"|[A-Za-z_]\w*(?=\([^)]{0,200}['\"]))\((?:.*\)|.*)",
    re.DOTALL,
)
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
    value = known_addresses.in_line(value)
    value = _without_row(value)
    value = _REPR.sub(rf"\g<kind>({HIDDEN})", value)
    value = _BYTES.sub(f"b'{HIDDEN}'", value)
    value = _NAMED.sub(rf"\g<name>{HIDDEN}", value)
    value = _RUN.sub(_without_random, value)
    value = _PART.sub(_without_part, value)
    value = _PASSWORD_IN_URL.sub(f"{HIDDEN}@", value)
    value = _EMAIL.sub(_without_person, value)
    return one_line(value)


def anything(value: Any) -> Any:
    """`value` as JSON can show it, each text in it redacted."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, Mapping):
        return {text(str(name)): _fact(str(name), each) for name, each in value.items()}
    if isinstance(value, bytes | bytearray | memoryview):
        return f"{len(value)} bytes"
    if isinstance(value, BaseException):
        return f"{type(value).__name__}: {message(value)}"
    if isinstance(value, Sequence | set | frozenset) and not isinstance(value, str):
        return [anything(each) for each in value]
    return text(str(value))


def _fact(name: str, value: Any) -> Any:
    return HIDDEN if isinstance(value, str) and _SECRET.fullmatch(name) else anything(value)


def message(error: BaseException) -> str:
    """What an exception says, without the values that it quotes."""
    said = str(error)[:MAX_TEXT]
    if type(error).__module__.startswith(_OURS):
        return "\n".join(text(line) for line in said.splitlines())
    # A KeyError is its key, with no more quotes than the key needs.
    said = HIDDEN if isinstance(error, KeyError) else said
    if not isinstance(error, _OF_THE_PROGRAM):
        # First, because a database cuts the statement that it shows, also inside a quotation.
        said = _QUOTED.sub(_without_value, _BYTES.sub(f"“{HIDDEN}”", _without_row(said)))
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


def _without_row(value: str) -> str:
    return _ROW.sub(rf"\g<word> {HIDDEN}", value)


def _without_value(quoted: re.Match[str]) -> str:
    return quoted["name"] or f"“{HIDDEN}”"


def _without_random(run: re.Match[str]) -> str:
    """The run without what stands between its first and its last unreadable piece, if these can be a secret."""
    unreadable = [piece for piece in _PIECE.finditer(run[0]) if not _READABLE.fullmatch(piece[0])]
    if sum(len(piece[0]) for piece in unreadable) < MIN_UNREADABLE:
        return run[0]
    return run[0][: unreadable[0].start()] + HIDDEN + run[0][unreadable[-1].end() :]


def _without_part(part: re.Match[str]) -> str:
    readable = _READABLE.fullmatch(part[0]) or not _NO_WORD.search(part[0])
    return part[0] if readable else HIDDEN


def _without_person(address: re.Match[str]) -> str:
    """The names of our workers have the form of an address too, and so have those of servers behind a password."""
    of_a_server = address["person"] == HIDDEN and address.string[: address.start()].endswith("://")
    if of_a_server or _WORKER.fullmatch(address["person"]):
        return address[0]
    return f"{HIDDEN}@{HIDDEN}"


def _escaped(character: str) -> str:
    unsafe = unicodedata.category(character) in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
    return f"\\u{ord(character):04x}" if unsafe else character
