"""Where the trail's checkpoints go: whether each place can take one, and a warning where there is none."""

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, register
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from verification.anchors.authority import roots
from verification.checks.hosts import split
from verification.checks.report import errors, warnings
from verification.transparency import cosignatures, notes


@register()
def anchors(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    rules = (
        (
            any(not _is_address(each["to"]) for each in _of("mail"))
            or bool([*_of("mail")] and not settings.EMAIL),
            "KYC_TRAIL_ANCHORS has a mailto: without an e-mail address, or KYC_EMAIL_URL is not set, so no e-mail can "
            "be sent.",
            "kyc.E110",
        ),
        (
            bool([*_of("authority")]) and not _has_roots(),
            "KYC_TRAIL_ANCHORS has a time-stamp authority, and KYC_TRAIL_TSA_CA_FILE names no file with the "
            "certificates of those who vouch for it.",
            "kyc.E111",
        ),
        (
            any(not _is_key(each["key"]) for each in _of("witness")),
            "KYC_TRAIL_ANCHORS has a witness without its key: name+id+key behind a #, as the witness publishes it.",
            "kyc.E112",
        ),
        (
            not settings.DEMO and any(map(_is_in_clear, _of("bucket"))),
            "The endpoint_url of a bucket in KYC_TRAIL_ANCHORS is not an https address.",
            "kyc.E113",
        ),
    )
    return errors(rules)


@register(deploy=True)
def none(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    text = (
        "KYC_TRAIL_ANCHORS names no place outside: whoever has the database and the key of the trail can rewrite it, "
        "and nobody could tell."
    )
    return warnings(((not settings.DEMO and not settings.TRAIL_ANCHORS, text, "kyc.W114"),))


def _of(kind: str) -> Iterator[dict[str, Any]]:
    return (each for each in settings.TRAIL_ANCHORS if each["kind"] == kind)


def _is_address(text: str) -> bool:
    try:
        validate_email(text)
    except ValidationError:
        return False
    return True


def _has_roots() -> bool:
    try:
        return bool(roots(settings.TRAIL_TSA_CA_FILE))
    except (OSError, ValueError):
        return False


def _is_key(vkey: str) -> bool:
    try:
        cosignatures.WitnessKey.parse(vkey)
    except notes.BadKey:
        return False
    return True


def _is_in_clear(place: dict[str, Any]) -> bool:
    endpoint = place["objects"]["OPTIONS"].get("endpoint_url")
    return endpoint is not None and split(endpoint).scheme != "https"
