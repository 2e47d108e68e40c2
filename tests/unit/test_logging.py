"""Log lines without secrets and personal data, whoever writes them."""

import base64
import io
import json
import logging
import secrets
import sys
import threading
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
import structlog
from django.db import IntegrityError

from kyc_portal import redaction
from kyc_portal.known_addresses import HIDDEN
from kyc_portal.logging import Lines, configure
from kyc_portal.sandbox.drawing import draw_photo
from tests.flow import canaries
from tests.time_limit import within
from verification.actions.api_client import SHOWN
from verification.crypto import new_entry
from verification.models.ids import new_id

LOWER = "abcdefghijklmnopqrstuvwxyz0123456789"


def _of(alphabet: str, length: int) -> Callable[[], str]:
    return lambda: "".join(secrets.choice(alphabet) for _ in range(length))


SECRETS = {
    "link": lambda: secrets.token_urlsafe(32),
    "API key": lambda: f"kyc_live_{secrets.token_urlsafe(32)}",
    "session key": _of(LOWER, 32),
    "signature": lambda: secrets.token_hex(32),
    "nonce": lambda: secrets.token_hex(16),
    "secret id": lambda: "AKID" + _of(LOWER + LOWER.upper(), 32)(),
    "secret key": _of(LOWER + LOWER.upper(), 32),
    "authenticator": _of("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 32),
    "keyring": lambda: new_entry("2026-11").partition(":")[2],
    "picture": lambda: base64.b64encode(secrets.token_bytes(3000)).decode(),
}
AROUND = (
    "Not Found: /v/{}",
    "Not Found: /v//{}",
    "Not Found: /V/{}",
    "Not Found: /v/%20{}",
    "Bad Request: /verify/{}/",
    "Error handling request /?next=%2Fv%2F{}&x=1",
    "Referer: https://verify.example.com/v/{}",
    "{}",
    "Authorization: Bearer {}",
    "Signature={}, SignedHeaders",
    "ValueError(\"bad '{}'\")",
)


@pytest.mark.parametrize("kind", SECRETS)
@pytest.mark.parametrize("around", AROUND)
def test_a_secret_is_hidden_wherever_it_stands(kind: str, around: str) -> None:
    for _ in range(50):
        secret = SECRETS[kind]()
        told = redaction.text(around.format(secret))
        assert not any(secret[at : at + SHOWN] in told for at in range(len(secret) - SHOWN)), told


@pytest.mark.parametrize("last", ["", "7", "64", "2345"])
@pytest.mark.parametrize("case", [str.upper, str.lower])
def test_a_secret_is_hidden_although_it_looks_like_a_word(case: Callable[[str], str], last: str) -> None:
    letters = case("abcdefghijklmnopqrstuvwxyzabcdef")
    assert redaction.text(letters[: 32 - len(last)] + last) == HIDDEN


SPLITS = (*canaries.SPLITS, " ", "\u200b", "\u00ad", "~", "!", "/", "?")


@pytest.mark.parametrize("split", SPLITS)
@pytest.mark.parametrize(
    "around",
    [
        "Not Found: /v/{}",
        "Bad Request: /v/{}",
        "Forbidden (Origin): /v/{}",
        '- "GET /v/{} HTTP/1.1" 404 9 "-" "x"',
    ],
)
def test_a_token_in_an_address_is_hidden_whatever_splits_it(around: str, split: str) -> None:
    for _ in range(20):
        token = secrets.token_urlsafe(32)
        # A random token can have four letters of the line's own words.
        traces = {token[at : at + 4] for at in range(40) if token[at : at + 4] not in around}
        for at in (1, 8, 22, 40):
            told = redaction.text(around.format(token[:at] + split + token[at:]))
            assert not any(trace in told for trace in traces), told


def test_half_of_a_token_is_hidden_elsewhere_too() -> None:
    assert redaction.text("see Fk3-q9WcVw_2LbYtR7mZs0 XhJ5uPdNaE8iGoQ4vBxTy") == "see … …"


PERSONAL = {
    "connection to redis://user:pa%40ss@broker:6379/0": "connection to redis://…@broker:6379/0",
    "Not Found: /x/alice@example.org": "Not Found: /…/…",
    "to=alice%40example.org": "to=…@…",
    "sent to alice.o'hara+kyc@mail.example.org.": "sent to alice.o'…@…",
    "Not Found: /x/Alice Example": "Not Found: /…/…",
    "Not Found: /api/v1/verifications/Alice Example": "Not Found: /api/v1/verifications/…",
    "Method Not Allowed (POST): /Alice?next=/Example": "Method Not Allowed (POST): /…",
    "Internal Server Error: /verify/Alice": "Internal Server Error: /verify/…",
    "Error handling request /x?name=Alice": "Error handling request /…",
    '1.2.3.4 - - [x] "GET /Alice/?name=Alice HTTP/1.1" 404 12 "https://x/Alice" "Alice"': (
        '1.2.3.4 - - [x] "GET /…/ HTTP/1.1" 404 12'
    ),
    "Invalid request from ip=::1: Invalid HTTP request line: '/Alice GET'": (
        "Invalid request from ip=::1: Invalid HTTP request line…"
    ),
    r"to alice\u0040example.com": "to …@…",
    r"to alice\x40example.com": "to …@…",
    "to=alice%2540example.com": "to=…@…",
    "to alice&#x40;example.com": "to …@…",
    "Pwd=hunter2; KYC_SECRET_KEY=hunter2": "Pwd=…; KYC_SECRET_KEY=…",
    "to alice\uff20example.com": "to …@…",
    "to alice@localhost": "to …@…",
    "redis://user:pa/ss@broker:6379/0": "redis://…@broker:6379/0",
    "redis://user:pa@ss@broker:6379/0": "redis://…@broker:6379/0",
    "login password=hunter2&x=1": "login password=…&x=1",
    "passwd=hunter2, db_secret = hunter2; access_token=a1": "passwd=…, db_secret = …; access_token=…",
    "got {'password': 'correct horse', 'x': 1}": "got {'password': …, 'x': 1}",
    "raised unexpected: ValueError(1, 'Alice')": "raised unexpected: ValueError(…)",
    "raised unexpected: error('Alice')": "raised unexpected: error(…)",
    "raised unexpected: MediaFault(('Alice', 1))": "raised unexpected: MediaFault(…)",
    "type integer\nLINE 1: SELECT 'Alice Exa...": "type integer\\u000aLINE 1: …",
    "retry: Retry in 0s: ValueError(\"base 10: 'Alice'\")": "retry: Retry in 0s: ValueError(…)",
    r"got b'\xff\xd8\xff\xe0 JFIF'": "got b'…'",
    "insert DETAIL:  Key (email)=(alice@example.org) already exists.": "insert DETAIL: …",
    "failed: Key (name)=(Alice\nExample) exists": "failed: Key ( …",
    "Failing row contains (1, Alice Example).": "Failing row contains …",
}


@pytest.mark.parametrize(("line", "told"), PERSONAL.items())
def test_personal_details_are_hidden(line: str, told: str) -> None:
    assert redaction.text(line) == told


READABLE = (
    f"/admin/case/{new_id('ver')}/reveal",
    f"att={new_id('att')} request={secrets.token_hex(6)} vendor={uuid.uuid4()}",
    f"Task verification.prepare[{uuid.uuid4()}] received",
    "liveness-2@kyc-1 ready. Sync with media@kyc-1.example.com and celery@10.0.0.4",
    "connection to redis://broker.example.org:6379/0 failed; the cache is redis://…@cache.example.org",
    "PBKDF2PasswordHasher and PBKDF2SHA1PasswordHasher of django.contrib.auth.hashers",
    "raised unexpected: WorkerLostError()",
    f"Not Found: /admin/case/{new_id('ver')}/reveal",
    f"Method Not Allowed (GET): /admin/case/{new_id('ver')}/claim",
    "Forbidden: /api/v1/verifications",
    '127.0.0.1 - - [29/Nov/2026:11:10:00 +0000] "GET /admin/staff/12/ HTTP/1.1" 200 512',
    "FailedOperation.LifePhotoDetectNoFaces",
    "verification_verification_applicant_id_5d8f0a2c_fk_verification_applicant_id",
    "test_a_machine_that_does_not_confine_media_children_is_for_the_demo_only",
    "/opt/kyc/.venv/lib/python3.11/site-packages/django/core/handlers/exception.py",
    "connection to server at 10.0.0.4, port 5432 failed: Connection refused",
    "Nguyễn — “…”",
)


@pytest.mark.parametrize("line", READABLE)
def test_what_operators_need_stays(line: str) -> None:
    assert redaction.text(line) == line


@pytest.mark.parametrize(
    "character", ["\n", "\r", "\x1b", "\x00", "\u2028", "\u202e", "\u200b", "\x85", "\ud800"]
)
def test_no_text_can_look_like_another_line(character: str) -> None:
    assert redaction.text(f"a{character}b") == f"a\\u{ord(character):04x}b"


def test_a_text_without_an_end_is_cut_before_a_word() -> None:
    secret = secrets.token_urlsafe(32)
    told = redaction.text("x" * 9 + " " + "y " * 9990 + secret)
    assert len(told) <= redaction.MAX_TEXT + 3
    assert secret[:8] not in told


# Beginnings that a pattern could try in many ways before it finds that the text does not fit.
HOSTILE = (
    *(
        "-",
        "_-",
        "a-",
        "Ab",
        "A1_",
        "%25",
        "\\",
        "://",
        "@",
        "'",
        "b'",
        "(",
        "a(",
        "token",
        "token=",
        "password-",
    ),
    *(
        " ",
        "Error(",
        "GET /",
        '"GET /',
        "Not Found: /",
        "Not Found (",
        "Invalid request from ip=1:",
        "LINE 1",
    ),
)


@pytest.mark.parametrize("repeated", HOSTILE)
@pytest.mark.parametrize("behind", ["", "a1b2c3" * 4, "aB1" * 9, "!"])
def test_no_text_takes_long(repeated: str, behind: str) -> None:
    long = (repeated * redaction.MAX_TEXT)[: redaction.MAX_TEXT - len(behind)] + behind
    with within(20):
        redaction.text(long)
        redaction.message(ValueError(long))


UNIQUE = (
    'duplicate key value violates unique constraint "verification_staffuser_username_key"\n'
    "DETAIL:  Key (username)=(Alice Example) already exists."
)


def failed(error: Exception, cause: Exception | None = None) -> Exception:
    try:
        raise error from cause
    except Exception as raised:
        return raised


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (IntegrityError(UNIQUE), 'unique constraint "verification_staffuser_username_key"'),
        (psycopg.DataError('invalid input syntax for type integer: "Alice Example"'), "type integer: “…”"),
        (ValueError("invalid literal for int() with base 10: 'Alice Example'"), "base 10: “…”"),
        (ValueError("can't read 'Alice Example' or 'x"), "can't read “…” or “…”"),
        (ValueError(b"Alice Example"), "ValueError: “…”"),
        (ValueError("'Alice O'Hara'"), "ValueError: “…”"),
        (psycopg.DataError("syntax error\nLINE 1: SELECT '1', 'Alice Exa...\n       ^"), "LINE 1: …"),
        (KeyError("Alice Example"), "KeyError: …"),
        (TypeError("expected a number but got “Alice Example”."), "got “…”."),
        (FileNotFoundError(2, "No such file", "/srv/kyc/media"), "No such file: '/srv/kyc/media'"),
    ],
)
def test_an_exception_tells_no_value(error: Exception, told: str) -> None:
    lines = redaction.exception(failed(RuntimeError("outer"), failed(error)))
    assert told in lines
    assert "RuntimeError: outer" in lines
    assert "raise error from cause" in lines, "the lines of code stay"
    assert "Alice" not in lines


def test_an_exception_can_be_its_own_cause() -> None:
    one, other = ValueError("one"), ValueError("other")
    one.__context__, other.__context__ = other, one
    assert redaction.exception(one).splitlines() == ["ValueError: other", "ValueError: one"]


@pytest.fixture
def logged() -> Iterator[Callable[[], list[dict[str, Any]]]]:
    """What the configured logging wrote. The test run's own logging is put back."""
    root, stderr = logging.getLogger(), sys.stderr
    kept = (root.handlers, root.level, sys.excepthook, threading.excepthook)
    sys.stderr = written = io.StringIO()
    configure({"level": "INFO"})
    yield lambda: [json.loads(line) for line in written.getvalue().splitlines()]
    sys.stderr = stderr
    root.handlers, root.level, sys.excepthook, threading.excepthook = kept
    logging.captureWarnings(False)


TOKEN = secrets.token_urlsafe(32)


def write_by(logger: str) -> None:
    try:
        raise IntegrityError(UNIQUE)
    except IntegrityError as error:
        logging.getLogger(logger).error("failed for %s: %r", TOKEN, error, exc_info=error)


@pytest.mark.parametrize(
    "logger", ["django.request", "gunicorn.error", "gunicorn.access", "celery.app.trace", "x"]
)
def test_every_librarys_lines_are_redacted(logged: Any, logger: str) -> None:
    write_by(logger)
    (line,) = logged()
    assert line["event"].startswith("failed for …: duplicate key value")
    assert line["logger"] == logger
    assert "raise IntegrityError" in line["exception"]
    assert not {TOKEN, "Alice"} & set(str(line).replace("(", " ").split())


def test_gunicorns_own_handlers_write_our_lines(logged: Any) -> None:
    logger, own = logging.getLogger("gunicorn.error"), logging.StreamHandler(sys.stderr)
    logger.handlers, logger.propagate = [own], False
    try:
        configure({"level": "INFO"})
        write_by("gunicorn.error")
    finally:
        logger.handlers, logger.propagate = [], True
    assert TOKEN not in str(logged())


def test_facts_of_every_kind_are_redacted(logged: Any) -> None:
    facts = {
        "list": [TOKEN],
        "inner": {"by": (TOKEN,), TOKEN: 1, "new_password": "hunter2"},
        "bytes": TOKEN.encode(),
        "error": ValueError(f"'{TOKEN}'"),
    }
    structlog.get_logger("test").error("test.event", count=3, **facts)
    (line,) = logged()
    assert TOKEN not in str(line)
    assert "hunter2" not in str(line)
    assert (line["count"], line["list"], line["bytes"]) == (3, ["…"], "43 bytes")
    assert line["error"] == "ValueError: “…”"


def test_a_line_that_cannot_be_written_tells_its_logger_alone(logged: Any) -> None:
    root = logging.getLogger()
    root.handlers = [handler for handler in root.handlers if isinstance(handler, Lines)]
    logging.getLogger("careless").error("%d", TOKEN)
    assert logged() == [{"event": "log.line_lost", "logger": "careless"}]


def test_what_nobody_caught_is_a_line_like_any_other(logged: Any) -> None:
    error = failed(ValueError(f"'{TOKEN}'"))
    sys.excepthook(type(error), error, error.__traceback__)
    thread = threading.Thread(target=lambda: int(TOKEN))
    thread.start()
    thread.join()
    assert [line["event"] for line in logged()] == ["process.failed", "thread.failed"]
    assert TOKEN not in str(logged())


def test_a_mail_handler_of_django_is_taken_away(logged: Any) -> None:
    assert logging.getLogger("django").handlers == []


def test_pictures_in_an_exception_are_hidden() -> None:
    picture = draw_photo(1)[:4000]
    error = ValueError(f"can't read {picture!r} or {base64.b64encode(picture).decode()}")
    assert len(redaction.exception(error)) < 100
