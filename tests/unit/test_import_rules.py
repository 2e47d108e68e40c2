"""The lists of the import rules in pyproject.toml name every room, so that a new one obeys them too."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

PRODUCT = Path("verification")
TOOLS: dict[str, Any] = tomllib.loads(Path("pyproject.toml").read_text())["tool"]
ROOMS = {
    f"verification.{place.stem}"
    for place in PRODUCT.iterdir()
    if (place.is_dir() and [*place.rglob("*.py")]) or (place.suffix == ".py" and place.stem != "__init__")
}


@pytest.mark.parametrize(
    ("name", "allowed"),
    [
        (
            "HTTP goes out at the vendor edge, the object store and the webhooks alone",
            {"verification.liveness", "verification.storage", "verification.webhooks"},
        ),
        ("Django REST framework lives in the API alone", {"verification.api"}),
        ("The sign-in's libraries live in the staff site alone", {"verification.review"}),
    ],
)
def test_a_library_of_one_room_is_forbidden_in_all_others(name: str, allowed: set[str]) -> None:
    (rule,) = (rule for rule in TOOLS["importlinter"]["contracts"] if rule["name"] == name)
    assert set(rule["source_modules"]) == ROOMS - allowed - {"verification.migrations"}
