"""The places that the settings name."""

from functools import lru_cache
from typing import Any

from django.conf import settings

from verification.anchors.authority import Authority
from verification.anchors.kept import Kept
from verification.anchors.letter import Letter
from verification.anchors.place import Place
from verification.anchors.witness import Witness


def places() -> list[Place]:
    """In the order of the settings. One object for each as long as the settings are the same: a bucket's is large."""
    return [_place(_Named(each)) for each in settings.TRAIL_ANCHORS]


class _Named:
    """An entry of the settings, which counts as the same if its address is."""

    def __init__(self, entry: dict[str, Any]) -> None:
        self.entry = entry

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Named) and other.entry == self.entry

    def __hash__(self) -> int:
        return hash(self.entry["address"])


@lru_cache(maxsize=32)
def _place(named: _Named) -> Place:
    entry = named.entry
    address = entry["address"]
    match entry["kind"]:
        case "folder" | "bucket":
            return Kept(address, entry["objects"])
        case "mail":
            return Letter(address, entry["to"])
        case "authority":
            return Authority(address, entry["url"])
        case _:
            return Witness(address, entry["url"], entry["key"])
