"""The secrets of the installation: drawn at random, and not the demo's. No message repeats a part of one."""

import zlib
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from verification.checks.report import HINT, errors
from verification.crypto import BadKeyring, Keyring
from verification.storage import keyring

MIN_SECRET_KEY: Final = 50  # characters
# Bytes. Fifty random digits, the least random that anybody draws, are not pressed into fewer than 41.
_PRESSED: Final = 38


@register()
def secrets_of_the_installation(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    return [*_secret_key(), *_keyring()]


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
    )
    return errors(rules)


def _is_made_up(key: str) -> bool:
    pressed = len(zlib.compress(key.encode(), 9))
    return pressed < _PRESSED or key.startswith("django-insecure-") or " " in key


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


def _of_the_demo(name: str) -> str:
    """A secret that a demo made in the same data folder; "" if there was none."""
    try:
        return (Path(settings.DATA_DIR) / name).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""
