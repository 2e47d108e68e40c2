"""Logos as browsers get them: the installation's file, and those of brands in the database."""

import hashlib
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from django.utils.translation import gettext as _

from verification import media
from verification.models import Logo

_TYPES: Final = {"PNG": "image/png", "JPEG": "image/jpeg"}
_SHOWN: Final = 16  # digits of the hash in an address; the log of nginx hides longer words
_NAME: Final = re.compile(rf"([0-9a-f]{{{_SHOWN}}})\.logo", re.ASCII)


@dataclass(frozen=True)
class Picture:
    content: bytes
    media_type: str
    width: int
    height: int

    @property
    def name(self) -> str:
        """A file name that is another one as soon as the content is, so that browsers may keep the file for ever."""
        return name_of(hashlib.sha256(self.content).hexdigest())


def words(problem: media.UnusableMedia) -> str:
    """What is wrong with the file, for whoever chose it."""
    limits = {
        "most": media.MAX_LOGO // 1024,
        "short": media.MIN_LOGO_SIDE,
        "long": media.MAX_LOGO_SIDE,
        "times": media.MAX_LOGO_ASPECT,
    }
    sentences = {
        "empty_file": _("The file is empty."),
        "image_too_large": _("The file has more than %(most)d KiB."),
        "unsupported_image_type": _("The file is neither a PNG nor a JPEG."),
        "image_too_small": _("The picture has a side of less than %(short)d pixels."),
        "image_too_many_pixels": _("The picture has a side of more than %(long)d pixels."),
        "image_bad_dimensions": _(
            "One side of the picture is more than %(times)d times as long as the other."
        ),
        "trailing_data": _("The file holds more than the picture."),
    }
    return sentences.get(problem.code, _("The file is broken.")) % limits


def name_of(sha256: str) -> str:
    return f"{sha256[:_SHOWN]}.logo"


@cache
def of_file(path: str) -> Picture:
    """The installation's logo, read once by each process. Raises media.UnusableMedia or OSError."""
    with Path(path).open("rb") as file:
        content = file.read(media.MAX_LOGO + 1)
    outline = media.logo_outline(content)
    return Picture(content, _TYPES[outline.format], outline.width, outline.height)


def of_name(asked: str) -> Picture | None:
    """The logo of a brand with this name, if there is one."""
    named = _NAME.fullmatch(asked)
    found = Logo.objects.filter(sha256__startswith=named[1]).first() if named else None
    return Picture(bytes(found.png), "image/png", found.width, found.height) if found else None
