"""The database, the broker and the object store: what production needs, and no clear text on a network."""

from typing import Any, Final
from urllib.parse import parse_qs

from django.conf import settings
from django.core.checks import CheckMessage, register

from verification.checks.hosts import is_this_machine, split
from verification.checks.report import errors

# Brokers by the scheme of their address, and whether it is encrypted.
BROKERS: Final = {"redis": False, "redis+socket": False, "rediss": True, "amqp": False, "amqps": True}
# `require` encrypts, but for anybody who answers in the database's place.
_AUTHENTICATED: Final = {"verify-ca", "verify-full"}
# The portal sets these itself, so that certificates count. One in the address would replace all of them.
_TLS_OPTION: Final = "ssl"


@register()
def services(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    return [] if settings.DEMO else [*_database(), *_broker(), *_storage()]


def _database() -> list[CheckMessage]:
    database = settings.DATABASES["default"]
    is_sqlite = database["ENGINE"].endswith("sqlite3")
    # The driver tries each host of a list; one that begins with / is a socket, and none is one too.
    hosts = filter(None, database["HOST"].split(","))
    here = is_sqlite or all(host.startswith("/") or is_this_machine(host) for host in hosts)
    rules = (
        (is_sqlite, "DATABASE_URL is SQLite, which is for the demo.", "kyc.E016"),
        (
            not here and database["OPTIONS"].get("sslmode") not in _AUTHENTICATED,
            "DATABASE_URL leads to another host without sslmode=verify-full (or verify-ca): others on the network "
            "could read it, or answer in its place.",
            "kyc.E040",
        ),
        (
            bool(settings.LIBPQ_VARIABLES),
            f"{', '.join(settings.LIBPQ_VARIABLES)} would lead to another database than DATABASE_URL says.",
            "kyc.E042",
        ),
    )
    return errors(rules)


def _broker() -> list[CheckMessage]:
    """One address, or several for a cluster with semicolons between them."""
    addresses = settings.CELERY_BROKER_URL.split(";")
    schemes = [split(address).scheme for address in addresses]
    known = BROKERS.keys() >= {*schemes}
    rules = (
        (
            not known,
            f"CELERY_BROKER_URL is none of {', '.join(BROKERS)}: any other is the demo's, or loses or delays work. "
            "Percent-encode the password's special characters.",
            "kyc.E014",
        ),
        (
            known and not all(map(_is_private, addresses)),
            "CELERY_BROKER_URL leads to another host in clear text, or weakens TLS by an option: others on the "
            "network could read and forge messages. Use rediss:// or amqps://, without an option that begins with "
            "ssl; rediss:// may have ssl_cert_reqs=required.",
            "kyc.E041",
        ),
        (
            len({*schemes}) > 1 or schemes.count("amqps") > 1,
            "CELERY_BROKER_URL has addresses of several kinds, or several of amqps://: certificates are checked as "
            "the first address asks for. Use one kind, and one amqps:// address.",
            "kyc.E078",
        ),
    )
    return errors(rules)


def _is_private(address: str) -> bool:
    parts = split(address)
    if parts.scheme == "redis+socket" or is_this_machine(parts.hostname or "localhost"):
        return True
    options = {name: values for name, values in parse_qs(parts.query).items() if name.startswith(_TLS_OPTION)}
    harmless = parts.scheme == "rediss" and options == {"ssl_cert_reqs": ["required"]}
    return BROKERS[parts.scheme] and (harmless or not options)


def _storage() -> list[CheckMessage]:
    """Objects are encrypted, but a listener could replay a signed request that deletes them."""
    beneath = settings.STORAGES["evidence"]["OPTIONS"].get("objects", {})
    endpoint = beneath.get("OPTIONS", {}).get("endpoint_url")
    in_clear = endpoint is not None and split(endpoint).scheme != "https"
    return errors(((in_clear, "The endpoint_url of STORAGE_URL is not an https address.", "kyc.E025"),))
