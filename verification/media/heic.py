"""Opens HEIC photos, if pillow-heif is installed: an extra, because its wheel carries decoders under other licences.

Runs in the limited child process. It reports the size before anything is decoded, and decides nothing about what is
acceptable.
"""

import io
import threading

from PIL import Image

from verification.media.errors import MediaUnavailable, UnusableMedia

try:
    import pillow_heif
except ImportError:
    pillow_heif = None  # type: ignore[assignment, unused-ignore]
else:
    # Only the primary picture is needed, and one thread is enough.
    pillow_heif.options.DECODE_THREADS = 0
    pillow_heif.options.THUMBNAILS = False
    pillow_heif.options.DEPTH_IMAGES = False
    pillow_heif.options.AUX_IMAGES = False

INSTALLED = pillow_heif is not None
# Read at import, because that makes libheif load its decoders before the child is confined.
VERSIONS: dict[str, str] = (
    {"pillow_heif": pillow_heif.__version__, "libheif": pillow_heif.libheif_info()["libheif"]}
    if INSTALLED
    else {}
)


class HeicFile:
    """`size` in pixels as shown, read from the header; `count` of pictures in the file."""

    def __init__(self, data: bytes) -> None:
        if not INSTALLED:
            raise MediaUnavailable("heic_not_installed")
        try:
            self._file = pillow_heif.open_heif(io.BytesIO(data))
        except (ValueError, EOFError, SyntaxError, RuntimeError, OSError) as error:
            raise UnusableMedia("image_corrupt") from error
        self.size: tuple[int, int] = self._file.size
        self.count = len(self._file)

    def decoded(self) -> Image.Image:
        """The primary picture, upright: libheif applies the rotation of the file, not the EXIF orientation."""
        _check_threads()
        try:
            picture: Image.Image = self._file.to_pillow()
        except (ValueError, EOFError, SyntaxError, RuntimeError, OSError) as error:
            raise UnusableMedia("image_corrupt") from error
        if picture.size != self.size:
            raise UnusableMedia("image_corrupt")
        return picture


def _check_threads() -> None:
    """libde265 decodes in a thread of its own, and reports no clear error where it can't start one."""
    probe = threading.Thread(target=int)
    try:
        probe.start()
    except RuntimeError as error:
        raise MediaUnavailable("no_threads") from error
    probe.join()
