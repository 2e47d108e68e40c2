"""Photos and recordings with random changes; the same seed gives the same files."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from kyc_portal.sandbox.drawing import draw_clip, draw_photo
from verification import media

EXTREMES: Final = [0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF, 1 << 63, (1 << 64) - 1]
SIZE: Final = (160, 120)


@dataclass(frozen=True)
class Case:
    """One damaged file; `name` holds what reproduces it."""

    name: str
    kind: str
    content: bytes


@lru_cache
def originals() -> dict[str, list[bytes]]:
    """Valid files of every type that applicants send; small, so that the changes hit each byte often."""
    clip = {"seconds": 2.2, "size": SIZE, "fps": 10}
    return {
        "photo": [
            draw_photo(1, (240, 320)),
            draw_photo(2, (240, 320), orientation=6),
            draw_photo(3, (240, 320), format="PNG"),
        ],
        "video": [
            draw_clip(**clip),  # type: ignore[arg-type]
            draw_clip(**clip, fragmented=True),  # type: ignore[arg-type]
            draw_clip(**clip, container="matroska"),  # type: ignore[arg-type]
            draw_clip(**clip, container="webm", codec="libvpx"),  # type: ignore[arg-type]
            draw_clip(**clip, container="webm", codec="libvpx-vp9"),  # type: ignore[arg-type]
            draw_clip(**clip, container="webm", codec="libsvtav1"),  # type: ignore[arg-type]
        ],
    }


def cases(count: int, *, seed: int) -> Iterator[Case]:
    """Photos and recordings in turns, each with one to four changes."""
    for number in range(count):
        rng = random.Random(f"{seed} {number}")
        kind = ("photo", "video")[number % 2]
        content = rng.choice(originals()[kind])
        changes = rng.choices(MUTATIONS, k=rng.choice([1, 1, 2, 4]))
        for change in changes:
            content = change(rng, content)
        yield Case(f"{seed}-{number}: {', '.join(change.__name__ for change in changes)}", kind, content)


def answer(case: Case) -> str:
    """The portal's result after check and normalisation: "taken", or the code of the refusal."""
    try:
        if case.kind == "photo":
            media.check_photo(case.content)
        else:
            checked = media.check_video(case.content)
            media.prepare_video(case.content, len(checked.frame_hashes), checked.facts.pixel_format)
    except media.UnusableMedia as refusal:
        return refusal.code
    return "taken"


def flip_bits(rng: random.Random, content: bytes) -> bytes:
    changed = bytearray(content)
    for _ in range(rng.choice([1, 3, 30, 300])):
        changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(8)
    return bytes(changed)


def flip_head(rng: random.Random, content: bytes) -> bytes:
    """Changes some bytes of the first kilobyte, where most of the structure is."""
    changed = bytearray(content)
    for _ in range(rng.choice([1, 2, 8])):
        changed[rng.randrange(min(1024, len(changed)))] = rng.randrange(256)
    return bytes(changed)


def write_extreme(rng: random.Random, content: bytes) -> bytes:
    """Replaces some bytes, perhaps a length or a count, by the largest value or by zero."""
    width = rng.choice([1, 2, 4, 8])
    value = rng.choice([extreme for extreme in EXTREMES if extreme < 1 << 8 * width])
    at = rng.randrange(max(1, len(content) - width))
    return content[:at] + value.to_bytes(width, rng.choice(["big", "little"])) + content[at + width :]


def cut(rng: random.Random, content: bytes) -> bytes:
    return content[: rng.randrange(1, max(2, len(content)))]


def leave_out(rng: random.Random, content: bytes) -> bytes:
    start, length = rng.randrange(len(content)), rng.choice([1, 4, 64, 1000])
    return content[:start] + content[start + length :] or content[:1]


def repeat(rng: random.Random, content: bytes) -> bytes:
    start, length = rng.randrange(len(content)), rng.choice([4, 64, 1000, 20_000])
    return content[: start + length] + content[start:]


def insert_noise(rng: random.Random, content: bytes) -> bytes:
    at = rng.randrange(len(content))
    return content[:at] + rng.randbytes(rng.choice([1, 16, 500])) + content[at:]


def join_with_another(rng: random.Random, content: bytes) -> bytes:
    other = rng.choice([file for files in originals().values() for file in files])
    return content[: rng.randrange(1, len(content) + 1)] + other[rng.randrange(len(other)) :]


MUTATIONS: Final[list[Callable[[random.Random, bytes], bytes]]] = [
    flip_bits,
    flip_head,
    write_extreme,
    cut,
    leave_out,
    repeat,
    insert_noise,
    join_with_another,
]
