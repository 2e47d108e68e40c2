"""Settings that are addresses: where objects are stored, and the database."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from kyc_portal.env.dotenv import PROJECT
from kyc_portal.env.problems import noted, wrong
from kyc_portal.env.values import given, known, secret_files, secret_value

# Each option with its values, or with none if any value is valid.
Options = Mapping[str, tuple[str, ...]]
_ENCODE = "Percent-encode the password's special characters."

OBJECT_KEYS = ("STORAGE_ACCESS_KEY_ID", "STORAGE_SECRET_ACCESS_KEY", "STORAGE_SESSION_TOKEN")
OBJECT_OPTIONS: Options = {
    "endpoint_url": (),
    "region_name": (),
    "addressing_style": ("auto", "path", "virtual"),
    "signature_version": ("s3v4",),
    # Some stores other than Amazon's accept no checksums in a request.
    "request_checksum_calculation": ("when_supported", "when_required"),
}
_FILES = ("sslrootcert", "sslcert", "sslkey")
# The levels of libpq.
_SSL_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
DATABASE_OPTIONS: Options = {
    "sslmode": _SSL_MODES,
    **dict.fromkeys((*_FILES, "connect_timeout", "application_name"), ()),
}
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")


@noted(dict[str, Any]())
def objects(name: str, folder: Path) -> dict[str, Any]:
    """Where objects are stored, as an entry of Django's STORAGES: in `folder`, or where the URL says.

    URLs are `file:///folder` or `s3://bucket/prefix?endpoint_url=…&region_name=…`.
    """
    return place(name, given(name) or Path(os.path.abspath(folder)).as_uri(), OBJECT_KEYS)


def place(name: str, address: str, keys: tuple[str, str, str]) -> dict[str, Any]:
    """A folder or a bucket as an entry of STORAGES; `keys` are the settings that hold a bucket's. Raises BadSetting."""
    known.update(f"{key}{suffix}" for key in keys for suffix in ("", "_FILE"))
    parts = split(name, address)
    path = unquote(parts.path)
    steps = [step for step in path.split("/") if step]
    outside = {".", ".."} & set(steps) or "\0" in path or parts.fragment
    is_folder = parts.scheme == "file" and not parts.netloc and not parts.query and path[:1] == "/" and steps
    is_bucket = parts.scheme == "s3" and _BUCKET.fullmatch(parts.netloc)
    if outside or not (is_folder or is_bucket):
        raise wrong(name, "must be file:///folder or s3://bucket/prefix, without a key or '..' in it.")
    if is_folder:
        backend = "verification.storage.files.DurableFileSystemStorage"
        return {"BACKEND": backend, "OPTIONS": {"location": path}}
    inside = {"bucket_name": parts.netloc, "location": "/".join(steps)}
    return {
        "BACKEND": "verification.storage.s3.ObjectStorage",
        "OPTIONS": {**inside, **_bucket_options(name, parts.query), **_object_keys(keys)},
    }


def _bucket_options(name: str, query: str) -> dict[str, str]:
    options = options_of(name, query, OBJECT_OPTIONS)
    endpoint = split(name, options.get("endpoint_url", "https://of-the-region"))
    if endpoint.scheme not in {"http", "https"} or not endpoint.hostname or "@" in endpoint.netloc:
        raise wrong(name, "has an endpoint_url that is not an http(s) address without a key in it.")
    return options


def _object_keys(names: tuple[str, str, str]) -> dict[str, Any]:
    """The store's keys. If all are None, boto3 looks in AWS's own variables, files and the machine's role.

    Raises BadSetting.
    """
    key_id, key, token = (secret_value(name, "") for name in names)
    if bool(key_id) != bool(key) or (token and not key):
        raise wrong(names[0], f"and {names[1]} are set together or not at all.")
    # Set even if empty: a token from AWS's own variables would belong to other keys.
    keys = {"access_key": key_id or None, "secret_key": key or None, "security_token": token or None}
    files = secret_files(dict(zip(keys, names, strict=True)))
    return {**keys, **({"key_files": files} if files else {})}


@dataclass(frozen=True)
class Database:
    """A database as its URL names it; `options` go to the driver (PostgreSQL's TLS settings)."""

    engine: str
    name: str
    user: str = ""
    password: str = ""
    host: str = ""
    port: str = ""
    options: dict[str, str] = field(default_factory=dict)


@noted(Database("sqlite3", ":memory:"))
def database(name: str, default: str) -> Database:
    """A database URL: `sqlite:////absolute.db` or `postgresql://user:pass@host:port/db?sslmode=verify-full`.

    Special characters of user and password are percent-encoded. No message repeats a part of the URL.
    """
    parts = split(name, secret_value(name, default or None))
    if parts.scheme == "sqlite":
        return Database("sqlite3", str(PROJECT / parts.path[1:]))
    if parts.scheme not in {"postgres", "postgresql"}:
        raise wrong(name, "must start with sqlite:/// or postgresql://.")
    port = port_of(name, parts)
    if not parts.path[1:] or "/" in parts.path[1:] or parts.fragment:
        raise wrong(name, f"does not end in /name of one database. {_ENCODE}")
    return Database(
        "postgresql",
        unquote(parts.path[1:]),
        unquote(parts.username or ""),
        unquote(parts.password or ""),
        unquote(parts.hostname or ""),
        port,
        _database_options(name, parts.query),
    )


def _database_options(name: str, query: str) -> dict[str, str]:
    """Raises BadSetting for what the driver refuses at the first connection."""
    if "host" in dict(parse_qsl(query)):
        raise wrong(
            name, "has the option host. A socket's folder is the host: postgresql://%2Frun%2Fpostgresql/kyc"
        )
    options = options_of(name, query, DATABASE_OPTIONS)
    root = options.get("sslrootcert")
    if root == "system" and options.get("sslmode", "verify-full") != "verify-full":
        raise wrong(name, "has sslrootcert=system, which goes with sslmode=verify-full alone.")
    for option in _FILES:
        path = options.get(option, "")
        if path and (option, path) != ("sslrootcert", "system") and not os.path.isfile(path):
            raise wrong(name, f"has an {option} that is not a file there.")
    return options


# No error of the library is chained: its message quotes a part of the address, which may be the password.
def split(name: str, address: str) -> SplitResult:
    try:
        return urlsplit(address)
    except ValueError:
        raise wrong(name, f"is no address. {_ENCODE}") from None


def port_of(name: str, parts: SplitResult) -> str:
    try:
        return str(parts.port or "")
    except ValueError:
        raise wrong(name, f"has no valid port. {_ENCODE}") from None


def options_of(name: str, query: str, allowed: Options) -> dict[str, str]:
    pairs = parse_qsl(query, keep_blank_values=True)
    options = dict(pairs)
    for option, value in options.items():
        if option not in allowed:
            raise wrong(name, f"has an option that is not known{_like(option, allowed)}")
        if not value or [one for one, _ in pairs].count(option) > 1:
            raise wrong(name, f"has {option} twice or empty.")
        if allowed[option] and value not in allowed[option]:
            raise wrong(name, f"has an {option} that is not one of {', '.join(allowed[option])}.")
    return options


def _like(option: str, allowed: Options) -> str:
    """The nearest known option, for the message.

    One far from all may be the end of a password with a ? in it, so it is not shown.
    """
    nearest = get_close_matches(option, allowed, n=1, cutoff=0.7)
    return f": {option}. Did you mean {nearest[0]}?" if nearest else "."
