"""Django system checks: an installation that would be unsafe does not start."""

import os
import re
from collections.abc import Iterable
from importlib.util import find_spec
from ipaddress import ip_address
from typing import Any, Final
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register
from django.utils.module_loading import import_string

from verification.crypto import BadKeyring
from verification.liveness import REGIONS, Misconfigured, check_proxy, why_not_ca_file
from verification.media.confinement import confinement
from verification.storage import keyring
from verification.storage.encrypted import EncryptedStorage

# An account's name becomes the end of variables' names; `file` is taken, as in NAME_FILE.
_ACCOUNT_NAME = re.compile(r"(?!file$)[a-z][a-z0-9]{0,19}")

# What a setting may be, least and most.
RATE: Final = (1, 1000)  # calls a second
IDLE_MINUTES: Final = (1, 60)
SESSION_HOURS: Final = (1, 24)


def _is_this_machine(host: str | None) -> bool:
    try:
        return ip_address(host or "").is_loopback
    except ValueError:
        return host == "localhost"


@register()
def vendor_settings(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    return [
        *_regions(),
        *_fallback_address(),
        *(problem for name in settings.FACEID_ACCOUNTS for problem in _account(name)),
    ]


def _regions() -> list[CheckMessage]:
    named = {"KYC_FACEID_REGION": [settings.FACEID_REGION]}
    named["KYC_FACEID_FALLBACK_REGIONS"] = settings.FACEID_FALLBACK_REGIONS
    return [
        Error(f"{name} has {region!r}.", hint=f"Use {', '.join(sorted(REGIONS))}.", id="kyc.E001")
        for name, regions in named.items()
        for region in regions
        if region not in REGIONS
    ]


def _fallback_address() -> list[CheckMessage]:
    """The address of the fallback regions: a typing error would otherwise show only when they are needed."""
    template = settings.FACEID_REGION_ENDPOINT
    if not settings.FACEID_FALLBACK_REGIONS:
        return []
    address = urlsplit(template.replace("{region}", settings.FACEID_FALLBACK_REGIONS[0]))
    safe = address.scheme == "https" and not _is_this_machine(address.hostname)
    if settings.DEMO or ("{region}" in template and template.count("{") == 1 and safe):
        return []
    message = "KYC_FACEID_REGION_ENDPOINT is not an https address with {region} in it."
    return [Error(message, hint="See .env.example.", id="kyc.E019")]


def _account(name: str) -> list[CheckMessage]:
    account = settings.FACEID_ACCOUNTS[name]
    rules = (
        (
            not _ACCOUNT_NAME.fullmatch(name),
            f"KYC_FACEID_MORE_ACCOUNTS has {name!r}. Use small letters and digits; not file.",
            "kyc.E003",
        ),
        (
            not RATE[0] <= account["rate"] <= RATE[1],
            f"The rate of account {name} must be from {RATE[0]} to {RATE[1]} calls a second.",
            "kyc.E002",
        ),
        (account["daily_budget"] < 0, f"The daily budget of account {name} is below 0.", "kyc.E004"),
    )
    return _errors(rules)


@register()
def outbound_settings(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    ca_file = settings.CA_FILE
    why_not = ca_file and ("is not an absolute path" if ca_file[:1] != "/" else why_not_ca_file(ca_file))
    rules = (
        (
            not _is_proxy(settings.OUTBOUND_PROXY),
            "KYC_OUTBOUND_PROXY is not http://host:port or https://host:port, with user:password@ before the host if "
            "the proxy asks for them, their special characters percent-encoded.",
            "kyc.E075",
        ),
        (bool(why_not), f"KYC_CA_FILE {why_not}.", "kyc.E076"),
        (
            not settings.DEMO and bool(os.environ.get("SSLKEYLOGFILE")),
            "SSLKEYLOGFILE is set: the keys of every TLS connection would be written to a file.",
            "kyc.E077",
        ),
    )
    return _errors(rules)


def _is_proxy(proxy: str) -> bool:
    try:
        check_proxy(proxy)
    except Misconfigured:
        return False
    return True


@register()
def evidence_settings(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    backend = import_string(settings.STORAGES["evidence"]["BACKEND"])
    rules = (
        (
            settings.ACCEPT_HEIC and find_spec("pillow_heif") is None,
            "KYC_ACCEPT_HEIC is 1, but pillow-heif is missing. Install it: "
            "pip install --no-deps --require-hashes -r requirements/heic.txt",
            "kyc.E022",
        ),
        (
            not issubclass(backend, EncryptedStorage),
            'STORAGES["evidence"] is not the storage that encrypts.',
            "kyc.E024",
        ),
    )
    return [*_keyring(), *_errors(rules)]


def _keyring() -> list[CheckMessage]:
    try:
        ids = keyring().keys
    except BadKeyring as unfit:
        return [Error(f"KYC_KEYRING: {unfit}", hint="See .env.example.", id="kyc.E021")]
    demo = not settings.DEMO and "demo" in ids
    return _errors(((demo, "KYC_KEYRING has the demo's key.", "kyc.E023"),))


_UNCONFINED = {
    "rlimits": (
        "Media children are limited in memory and time alone: a hostile file that took one over could read files.",
        "Run the portal on Linux, on x86_64 or aarch64.",
        "kyc.E029",
    ),
    "refused": (
        "The kernel takes no seccomp filter, so no media child starts: every photo and recording is put off.",
        "Use a kernel with CONFIG_SECCOMP_FILTER, and a container that allows prctl.",
        "kyc.E030",
    ),
}


@register()
def media_confinement(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """An error in production, a warning in the demo: a developer's laptop may have no filter. One system call."""
    if (found := _UNCONFINED.get(confinement())) is None:
        return []
    message, hint, number = found
    level = Warning if settings.DEMO else Error
    return [level(message, hint=hint, id=number)]


@register()
def sign_in_settings(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    rules = (
        (
            not IDLE_MINUTES[0] <= settings.STAFF_IDLE_MINUTES <= IDLE_MINUTES[1],
            f"KYC_STAFF_IDLE_MINUTES must be from {IDLE_MINUTES[0]} to {IDLE_MINUTES[1]}.",
            "kyc.E027",
        ),
        (
            not SESSION_HOURS[0] <= settings.STAFF_SESSION_HOURS <= SESSION_HOURS[1],
            f"KYC_STAFF_SESSION_HOURS must be from {SESSION_HOURS[0]} to {SESSION_HOURS[1]}.",
            "kyc.E028",
        ),
    )
    return _errors(rules)


@register()
def production_is_safe(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    if settings.DEMO:
        return []
    endpoint = urlsplit(settings.FACEID_ENDPOINT)
    engine = settings.DATABASES["default"]["ENGINE"]
    rules = (
        (settings.DEBUG, "DEBUG is on.", "kyc.E010"),
        (endpoint.scheme != "https", "KYC_FACEID_ENDPOINT is not an https address.", "kyc.E011"),
        (
            _is_this_machine(endpoint.hostname),
            "KYC_FACEID_ENDPOINT is this machine: an emulator.",
            "kyc.E012",
        ),
        (
            not settings.PUBLIC_URL.startswith("https://"),
            "KYC_PUBLIC_URL is not an https address.",
            "kyc.E013",
        ),
        (settings.CELERY_BROKER_URL.startswith("memory:"), "CELERY_BROKER_URL is the demo's.", "kyc.E014"),
        (engine.endswith("sqlite3"), "DATABASE_URL is SQLite, which is for the demo.", "kyc.E016"),
        ("*" in settings.ALLOWED_HOSTS, "ALLOWED_HOSTS allows every name.", "kyc.E017"),
        (
            any("sandbox" in account["secret_id"] for account in settings.FACEID_ACCOUNTS.values()),
            "TENCENTCLOUD_SECRET_ID is the sandbox's.",
            "kyc.E018",
        ),
        (
            len({account["secret_id"] for account in settings.FACEID_ACCOUNTS.values()})
            < len(settings.FACEID_ACCOUNTS),
            "Two accounts have the same TENCENTCLOUD_SECRET_ID: they are one, and its rate would be exceeded.",
            "kyc.E020",
        ),
        (len(settings.SECRET_KEY) < 50, "SECRET_KEY has fewer than 50 characters.", "kyc.E015"),
        (_is_storage_in_clear(), "The endpoint_url of STORAGE_URL is not an https address.", "kyc.E025"),
        (settings.STAFF_MFA != "required", "KYC_STAFF_MFA is optional, which is for the demo.", "kyc.E026"),
    )
    return _errors(rules)


def _is_storage_in_clear() -> bool:
    """Objects are encrypted, but a listener could replay a signed request that deletes them."""
    beneath = settings.STORAGES["evidence"]["OPTIONS"].get("objects", {})
    endpoint = beneath.get("OPTIONS", {}).get("endpoint_url")
    return endpoint is not None and urlsplit(endpoint).scheme != "https"


def _errors(rules: Iterable[tuple[bool, str, str]]) -> list[CheckMessage]:
    return [
        Error(message, hint="See .env.example.", id=number) for broken, message, number in rules if broken
    ]
