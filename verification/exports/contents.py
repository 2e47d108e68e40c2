"""What a case pack, and the dossier in it, may hold besides the facts of the case."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Contents:
    """`media`: photos, recordings and frames. `names`: name, e-mail address, IP addresses and browsers.

    `notes`: what reviewers wrote for colleagues, which may name people.
    """

    media: bool = False
    names: bool = False
    notes: bool = False

    def as_list(self) -> list[str]:
        return [name for name in ("media", "names", "notes") if getattr(self, name)]
