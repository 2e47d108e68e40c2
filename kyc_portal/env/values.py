"""One variable of the environment, or the file that it names, without typing mistakes."""

import os
from pathlib import Path

from kyc_portal.env.flaws import flaw
from kyc_portal.env.problems import named, wrong
from verification.secret_files import SIZE_LIMIT

# Every name that was asked for: what else looks like a setting is a typing mistake.
known: set[str] = set()


def given(name: str, *, with_lines: bool = False) -> str:
    """The variable, or "" if it is not set. Raises BadSetting."""
    known.add(name)
    value = os.environ.get(name, "")
    if words := flaw(name, value, with_lines=with_lines):
        raise wrong(name, words)
    return value


def required(name: str, value: str, default: str | None) -> str:
    if not value and default is None:
        raise wrong(name, "is not set. See .env.example for what it holds.")
    return value or default or ""


def secret_value(name: str, default: str | None, *, with_lines: bool = False) -> str:
    """A secret from NAME or from the file that NAME_FILE names. Raises BadSetting, also if both are set."""
    value, path = given(name, with_lines=with_lines), given(f"{name}_FILE")
    if path and value:
        raise wrong(name, f"and {named(f'{name}_FILE')} are both set. Keep one of them.")
    return from_file(name, path, with_lines=with_lines) if path else required(name, value, default)


def secret_files(names: dict[str, str]) -> dict[str, str]:
    """The files of these secrets by field, of those that come from one; they are read again while the portal runs."""
    return {field: path for field, name in names.items() if (path := os.environ.get(f"{name}_FILE", ""))}


def from_file(name: str, path: str, *, with_lines: bool = False) -> str:
    """The secret in a file, without the line ends behind it. Raises BadSetting, which repeats nothing of it."""
    variable = f"{name}_FILE"
    try:
        value = _content(Path(path)).decode().replace("\r\n", "\n").rstrip("\n")
    except OSError as error:
        raise wrong(variable, f"names a file that can't be read: {error.strerror}.") from error
    except UnicodeDecodeError:
        # Not chained: its message quotes bytes of the secret.
        raise wrong(variable, "names a file that is not UTF-8.") from None
    words = flaw(name, value, with_lines=with_lines)
    if words or not value:
        raise wrong(variable, f"names a file whose text {words or 'is empty.'}")
    return value


def _content(path: Path) -> bytes:
    if path.exists() and not path.is_file():
        raise OSError(0, "it is not a file")  # a pipe would never end
    with path.open("rb") as file:
        content = file.read(SIZE_LIMIT + 1)
    if len(content) > SIZE_LIMIT:
        raise OSError(0, f"it has more than {SIZE_LIMIT} bytes")
    return content


def shown(value: str) -> str:
    """A value that is no secret, for a message."""
    return repr(value if len(value) <= 60 else f"{value[:59]}…")
