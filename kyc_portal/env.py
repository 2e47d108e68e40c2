"""The only reader of the process environment.

Every setting is read through a typed helper, whose error names the variable and what to write instead. So a mistake
stops the start-up, and not the first applicant. A secret may come as NAME or as NAME_FILE
(the path of a file that holds it). A `.env` file in the project folder sets variables that the environment leaves out.
"""

import os
import re
from collections.abc import Set
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

PROJECT = Path(__file__).resolve().parent.parent
TRUE = {"1", "true", "yes", "on"}
FALSE = {"0", "false", "no", "off", ""}


class BadSetting(Exception):
    """A setting is missing or can't be read; the message says which and what to write instead."""


def load_dotenv(path: Path = PROJECT / ".env") -> None:
    """Fill unset variables from `path`: lines of NAME=value, `#` comments, optional double quotes."""
    if not path.is_file():
        return
    for line in path.read_text(encoding="utf-8").splitlines():
        name, found, value = line.strip().partition("=")
        if found and not name.startswith("#"):
            os.environ.setdefault(name.strip(), value.strip().strip('"'))


def enter_sandbox(path: Path = PROJECT / ".env") -> None:
    """Switch to demo mode, for the sandbox's commands; refused if the settings name another mode."""
    load_dotenv(path)
    if os.environ.setdefault("KYC_MODE", "demo") != "demo":
        raise BadSetting("KYC_MODE is not demo here: this installation has no sandbox. Nothing was done.")


def text(name: str, default: str | None = None) -> str:
    """The variable as text; without a default it must be set and not empty."""
    value = os.environ.get(name, "") or (default if default is not None else "")
    if not value and default is None:
        raise BadSetting(f"{name} is not set. See .env.example for what it holds.")
    return value


def secret(name: str, default: str | None = None) -> str:
    """A secret from NAME or from the file that NAME_FILE names; never both."""
    file_name = os.environ.get(f"{name}_FILE", "")
    if not file_name:
        return text(name, default)
    if os.environ.get(name):
        raise BadSetting(f"{name} and {name}_FILE are both set. Keep one of them.")
    try:
        return Path(file_name).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise BadSetting(f"{name}_FILE can't be read: {error.strerror}.") from error


def secret_files(names: dict[str, str]) -> dict[str, str]:
    """The files of these secrets by field, of those that come from one; they are read again while the portal runs."""
    return {field: path for field, name in names.items() if (path := os.environ.get(f"{name}_FILE", ""))}


def flag(name: str, *, default: bool) -> bool:
    value = os.environ.get(name, "").lower()
    if name not in os.environ:
        return default
    if value not in TRUE | FALSE:
        raise BadSetting(f"{name} must be 1 or 0, not {value!r}.")
    return value in TRUE


def whole(name: str, default: int) -> int:
    value = os.environ.get(name, "")
    try:
        return int(value) if value else default
    except ValueError as error:
        raise BadSetting(f"{name} must be a whole number, not {value!r}.") from error


def decimal(name: str, default: str) -> Decimal:
    """A number of at least 0 with a point, exactly as it is written."""
    value = text(name, default)
    try:
        number = Decimal(value)
    except InvalidOperation as error:
        raise BadSetting(f"{name} must be a number such as 0.20, not {value!r}.") from error
    if not number.is_finite() or number < 0:
        raise BadSetting(f"{name} must be a number of at least 0, not {value!r}.")
    return number


def words(name: str, default: str = "") -> list[str]:
    """A comma-separated list."""
    return [word.strip() for word in text(name, default).split(",") if word.strip()]


def choice(name: str, options: tuple[str, ...], default: str) -> str:
    value = text(name, default)
    if value not in options:
        raise BadSetting(f"{name} must be one of {', '.join(options)}, not {value!r}.")
    return value


# Each option with its values, or with none if any value is valid.
OBJECT_OPTIONS = {
    "endpoint_url": (),
    "region_name": (),
    "addressing_style": ("auto", "path", "virtual"),
    "signature_version": ("s3v4",),
    # Some stores other than Amazon's accept no checksums in a request.
    "request_checksum_calculation": ("when_supported", "when_required"),
}
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")


def objects(name: str, folder: Path) -> dict[str, Any]:
    """Where objects are stored, as an entry of Django's STORAGES: in `folder`, or where the URL says.

    URLs are `file:///folder` or `s3://bucket/prefix?endpoint_url=…&region_name=…`.
    """
    parts = urlsplit(text(name, Path(os.path.abspath(folder)).as_uri()))
    path = unquote(parts.path)
    steps = [step for step in path.split("/") if step]
    outside = {".", ".."} & set(steps) or "\0" in path or parts.fragment
    is_folder = parts.scheme == "file" and not parts.netloc and not parts.query and path[:1] == "/" and steps
    is_bucket = parts.scheme == "s3" and _BUCKET.fullmatch(parts.netloc)
    if outside or not (is_folder or is_bucket):
        raise BadSetting(f"{name} must be file:///folder or s3://bucket/prefix, without a key or '..' in it.")
    if is_folder:
        backend = "verification.storage.files.DurableFileSystemStorage"
        return {"BACKEND": backend, "OPTIONS": {"location": path}}
    place = {"bucket_name": parts.netloc, "location": "/".join(steps)}
    options = _options(name, parts.query, OBJECT_OPTIONS.keys())
    for option, value in options.items():
        if OBJECT_OPTIONS[option] and value not in OBJECT_OPTIONS[option]:
            raise BadSetting(f"{option} of {name} must be one of {', '.join(OBJECT_OPTIONS[option])}.")
    endpoint = urlsplit(options.get("endpoint_url", "https://of-the-region"))
    if endpoint.scheme not in {"http", "https"} or not endpoint.hostname or "@" in endpoint.netloc:
        raise BadSetting(f"endpoint_url of {name} must be an http(s) address, without a key in it.")
    return {
        "BACKEND": "verification.storage.s3.ObjectStorage",
        "OPTIONS": {**place, **options, **_object_keys()},
    }


def _object_keys() -> dict[str, Any]:
    """All None: boto3 looks for keys in its own variables, its files and the role of the machine."""
    key_id, key = secret("STORAGE_ACCESS_KEY_ID", ""), secret("STORAGE_SECRET_ACCESS_KEY", "")
    token = secret("STORAGE_SESSION_TOKEN", "")
    if bool(key_id) != bool(key) or (token and not key):
        raise BadSetting(
            "STORAGE_ACCESS_KEY_ID and STORAGE_SECRET_ACCESS_KEY are set together or not at all."
        )
    names = {
        "access_key": "ACCESS_KEY_ID",
        "secret_key": "SECRET_ACCESS_KEY",
        "security_token": "SESSION_TOKEN",
    }
    files = secret_files({field: f"STORAGE_{name}" for field, name in names.items()})
    # Set even if empty: a token from AWS's own variables would belong to other keys.
    keys = {"access_key": key_id or None, "secret_key": key or None, "security_token": token or None}
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


DATABASE_OPTIONS = {"sslmode", "sslrootcert", "sslcert", "sslkey", "connect_timeout", "application_name"}


def database(name: str, default: str) -> Database:
    """A database URL: `sqlite:////absolute.db` or `postgresql://user:pass@host:port/db?sslmode=verify-full`.

    Special characters of user and password are percent-encoded. No message repeats a part of the URL.
    """
    parts = urlsplit(secret(name, default or None))
    if parts.scheme == "sqlite":
        return Database("sqlite3", str(PROJECT / parts.path[1:]))
    if parts.scheme not in {"postgres", "postgresql"}:
        raise BadSetting(f"{name} must start with sqlite:/// or postgresql://.")
    return Database(
        "postgresql",
        parts.path[1:],
        unquote(parts.username or ""),
        unquote(parts.password or ""),
        unquote(parts.hostname or ""),
        _port(name, parts),
        _options(name, parts.query, DATABASE_OPTIONS),
    )


def _port(name: str, parts: SplitResult) -> str:
    try:
        return str(parts.port or "")
    except ValueError:
        # Not chained: the library's message quotes a part of the URL, which may be the password.
        raise BadSetting(
            f"{name} has no valid port. Percent-encode the password's special characters."
        ) from None


def _options(name: str, query: str, known: Set[str]) -> dict[str, str]:
    pairs = parse_qsl(query, keep_blank_values=True)
    options = dict(pairs)
    unknown = options.keys() - known
    if unknown:
        raise BadSetting(f"{name} has options that are not known: {', '.join(sorted(unknown))}.")
    for option, value in options.items():
        if not value or [given for given, _ in pairs].count(option) > 1:
            raise BadSetting(f"{name} has {option} twice or empty.")
    return options
