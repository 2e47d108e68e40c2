"""A typed reader for each kind of setting. Each raises BadSetting, which names the setting and what to write."""

import re
from decimal import Decimal
from typing import Final

from kyc_portal.env.problems import noted, wrong
from kyc_portal.env.values import given, required, secret_value, shown

TRUE: Final = {"1", "true", "yes", "on"}
FALSE: Final = {"0", "false", "no", "off"}
# Python's own readers also take 1_000, +1, 1e3 and the digits of other scripts.
_WHOLE: Final = re.compile(r"-?[0-9]{1,15}", re.ASCII)
_DECIMAL: Final = re.compile(r"[0-9]{1,15}(\.[0-9]{1,15})?", re.ASCII)


@noted("")
def text(name: str, default: str | None = None) -> str:
    """The variable as text; without a default it must be set and not empty."""
    return required(name, given(name), default)


@noted("")
def secret(name: str, default: str | None = None, *, with_lines: bool = False) -> str:
    """A secret from NAME or from the file that NAME_FILE names; `with_lines` if it may have several lines."""
    return secret_value(name, default, with_lines=with_lines)


@noted(False)
def flag(name: str, *, default: bool) -> bool:
    value = given(name).lower()
    if not value:
        return default
    if value not in TRUE | FALSE:
        raise wrong(name, f"must be 1 or 0, not {shown(value)}.")
    return value in TRUE


@noted(0)
def whole(name: str, default: int, within: tuple[int, int]) -> int:
    """A whole number from the first of `within` to the last."""
    value = given(name)
    if value and not (_WHOLE.fullmatch(value) and within[0] <= int(value) <= within[1]):
        raise wrong(name, f"must be a whole number from {within[0]} to {within[1]}, not {shown(value)}.")
    return int(value) if value else default


@noted(Decimal(0))
def decimal(name: str, default: str, most: int) -> Decimal:
    """A number from 0 to `most` with a point, exactly as it is written."""
    value = given(name) or default
    if not (_DECIMAL.fullmatch(value) and Decimal(value) <= most):
        raise wrong(name, f"must be a number from 0 to {most} such as 0.20, not {shown(value)}.")
    return Decimal(value)


@noted(list[str]())
def words(name: str, default: str = "", shape: str = r"\S+", means: str = "without blanks") -> list[str]:
    """A comma-separated list, of words that match `shape`, which is what `means` says."""
    found = [word.strip() for word in (given(name) or default).split(",") if word.strip()]
    for word in found:
        if not re.fullmatch(shape, word):
            raise wrong(name, f"has {shown(word)}. Write words {means}, with commas between them.")
        if found.count(word) > 1:
            raise wrong(name, f"has {shown(word)} twice.")
    return found


@noted("")
def choice(name: str, options: tuple[str, ...], default: str) -> str:
    value = given(name) or default
    if value not in options:
        raise wrong(name, f"must be one of {', '.join(options)}, not {shown(value)}.")
    return value
