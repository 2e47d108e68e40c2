"""The marks that a case has in the review queue: what its flags are about, and what its camera calls itself.

Pure: plain values in, names of the case's columns out. They are written with the move into review, because a page can't
ask for them among a million cases.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from verification.states import FOR_TWO, Flag

# Parts of the names of virtual cameras, in lower case.
VIRTUAL = (
    "virtual", "obs", "manycam", "snap camera", "xsplit", "splitcam", "vcam", "e2esoft", "droidcam", "iriun", "epoccam",
    "ndi", "loopback", "fake_device", "fake device", "dummy", "camo", "mmhmm", "webcamoid", "youcam", "altercam",
)  # fmt: skip


@dataclass(frozen=True)
class Noticed:
    """A flag's code, and whether it is about another applicant."""

    code: str
    elsewhere: bool


def of_case(flags: Iterable[Noticed], camera: str) -> dict[str, bool]:
    """`camera` is the name that the browser gave for the newest recording's camera."""
    found = list(flags)
    codes = {flag.code for flag in found}
    return {
        "marked_shared": any(flag.elsewhere for flag in found),
        "marked_copied": bool(codes & FOR_TWO),
        "marked_devices": Flag.DEVICE_CHANGED in codes,
        "marked_camera": is_virtual(camera),
    }


def is_virtual(camera: str) -> bool:
    """Names of up to 4 letters match whole words only: "obs" is not found in "observer"."""
    words = camera.casefold()
    apart = words.replace("-", " ").replace("_", " ").replace("(", " ").split()
    return any(name in (words if len(name) > 4 else apart) for name in VIRTUAL)
