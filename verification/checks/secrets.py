"""The secrets of the installation: drawn at random, and not the demo's. No message repeats a part of one."""

import re
import zlib
from collections.abc import Iterator
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from verification.audit import trail_keys
from verification.checks.report import HINT, errors
from verification.crypto import BadKeyring, Keyring, entries
from verification.storage import keyring

MIN_SECRET_KEY: Final = 50  # characters
# Bytes. Fifty random digits, the least random that anybody draws, are not pressed into fewer than 41.
_PRESSED: Final = 38
# What a hand types along: the alphabet, the digits, the rows of a keyboard.
_ROWS: Final = ("abcdefghijklmnopqrstuvwxyz", "01234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm")
_WORDS: Final = re.compile(r"[A-Za-z][a-z]+([-_.][A-Za-z][a-z]+){3,}[-_.\d]*")


@register()
def secrets_of_the_installation(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    return [*_secret_key(), *_keyring(), *_trail_keys()]


def _secret_key() -> list[CheckMessage]:
    if settings.DEMO:
        return []
    key = settings.SECRET_KEY
    rules = (
        (
            len(key) < MIN_SECRET_KEY,
            f"SECRET_KEY has fewer than {MIN_SECRET_KEY} characters.",
            "kyc.E015",
        ),
        (
            len(key) >= MIN_SECRET_KEY and _is_made_up(key),
            "SECRET_KEY was not drawn at random: it repeats itself, has words, or is Django's example.",
            "kyc.E038",
        ),
        (key == _of_the_demo("secret_key"), "SECRET_KEY is the demo's.", "kyc.E039"),
        (
            any(entry in key for entry in re.findall(r"[\w+/]{40,}=*", settings.KEYRING)),
            "SECRET_KEY has a key of KYC_KEYRING in it. Draw it by itself.",
            "kyc.E050",
        ),
    )
    return errors(rules)


def _is_made_up(key: str) -> bool:
    pressed = len(zlib.compress(key.encode(), 9))
    typed = key.startswith("django-insecure-") or " " in key or _WORDS.fullmatch(key) is not None
    return pressed < _PRESSED or typed or _is_typed_along(key)


def _is_typed_along(key: str) -> bool:
    """Whether half of its characters or more stand beside their neighbours. Among 10^6 keys of digits, one does."""
    pairs = {pair for row in _ROWS for way in (row, row[::-1]) for pair in _pairs(way)}
    return 2 * sum(pair in pairs for pair in _pairs(key.lower())) >= len(key)


def _pairs(text: str) -> Iterator[str]:
    return map("".join, pairwise(text))


def _keyring() -> list[CheckMessage]:
    try:
        ring = keyring()
    except BadKeyring as unfit:
        return [Error(f"KYC_KEYRING: {unfit}", hint=HINT, id="kyc.E021")]
    demo: set[bytes] = set()
    with suppress(BadKeyring):
        demo = {*Keyring.parse(_of_the_demo("keyring")).keys.values()}
    is_demos = not settings.DEMO and ("demo" in ring.keys or not demo.isdisjoint(ring.keys.values()))
    return errors(((is_demos, "KYC_KEYRING has the demo's key.", "kyc.E023"),))


def _trail_keys() -> list[CheckMessage]:
    try:
        trail_keys.check(settings.TRAIL_KEYS)
    except BadKeyring as unfit:
        return [Error(f"KYC_TRAIL_KEYS: {unfit}", hint=HINT, id="kyc.E097")]
    ring = entries(settings.TRAIL_KEYS)
    demo = _of_the_demo("trail_keys").partition(":")[2]
    is_demos = not settings.DEMO and ("demo" in ring or demo in ring.values())
    shared = any(key in settings.KEYRING for key in ring.values())
    return errors(
        (
            (is_demos, "KYC_TRAIL_KEYS has the demo's key.", "kyc.E098"),
            (shared, "KYC_TRAIL_KEYS has a key of KYC_KEYRING. Draw it by itself.", "kyc.E099"),
        )
    )


def _of_the_demo(name: str) -> str:
    """A secret that a demo made in the same data folder; "" if there was none."""
    try:
        return (Path(settings.DATA_DIR) / name).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""
