"""An organisation's colour is one in which, and on which, everybody can read."""

import re

import pytest

from tests.processes import PROJECT
from verification.brands import colours, stylesheet

BASE = (PROJECT / "static/base.css").read_text(encoding="utf-8")
PASS = ["#0c5c4c", "#0b3d91", "#000000", "#6a6a6a", "#c8102e", "#7a1fa2", "#8a4b00"]
# Too pale, with its contrast, and a darker shade of it that is offered.
FAIL = [
    ("#ff6600", 2.6, "#b84900"),
    ("#ffd400", 1.3, "#806a00"),
    ("#ffffff", 1.0, "#6b6b6b"),
    ("#777777", 3.9, "#6d6d6d"),
    ("#00a3e0", 2.5, "#00749f"),
]


def test_the_grounds_are_those_of_the_pages() -> None:
    light, dark = BASE.split("@media (prefers-color-scheme: dark)")[:2]
    for part, grounds in ((light, colours.LIGHT), (dark, colours.DARK)):
        found = dict(re.findall(r"--(paper|card): (#\w{6});", part)[:2])
        assert (found["paper"], found["card"]) == grounds


@pytest.mark.parametrize(
    ("one", "other", "ratio"),
    [
        ("#000000", "#ffffff", 21.0),
        ("#777777", "#ffffff", 4.48),
        ("#ff0000", "#ffffff", 4.0),
        ("#abcdef",) * 2 + (1,),
    ],
)
def test_a_contrast_is_that_of_wcag(one: str, other: str, ratio: float) -> None:
    assert colours.contrast(one, other) == pytest.approx(ratio, abs=0.01)
    assert colours.contrast(other, one) == colours.contrast(one, other)


@pytest.mark.parametrize("colour", [*PASS, *(instead for _, _, instead in FAIL)])
def test_everything_is_readable_on_light_and_on_dark_pages(colour: str) -> None:
    colours.check(colour)
    for shades, page in ((colours.light(colour), colours.LIGHT), (colours.dark(colour), colours.DARK)):
        for ground in (*page, shades.accent_soft):
            assert colours.contrast(shades.accent, ground) >= 4.5, (shades, ground)
        assert colours.contrast(shades.on_accent, shades.accent) >= 4.5
        assert colours.contrast(shades.on_accent, shades.accent_strong) >= 4.5


@pytest.mark.parametrize(("colour", "ratio", "instead"), FAIL)
def test_a_pale_colour_is_refused_with_its_contrast_and_with_a_shade_that_would_do(
    colour: str, ratio: float, instead: str
) -> None:
    with pytest.raises(colours.UnfitColour) as refused:
        colours.check(colour)
    assert (round(refused.value.ratio, 1), refused.value.instead) == (ratio, instead)
    words = colours.words(refused.value)
    assert f"a contrast of {ratio} to 1" in words
    assert instead in words


@pytest.mark.parametrize("colour", ["", "green", "#0b3", "0b3d91", "#0B3D91", "#0b3d91;}body{x:y", "#0b3d9١"])
def test_what_is_no_colour_gets_into_no_stylesheet(colour: str) -> None:
    with pytest.raises(colours.UnfitColour):
        stylesheet.stylesheet(colour)


def test_a_stylesheet_is_found_by_its_name_and_by_no_other() -> None:
    name = stylesheet.name("#0b3d91")
    assert stylesheet.of_name(name) == stylesheet.stylesheet("#0b3d91")
    for other in (
        name.replace("0b3d91", "0b3d92"),
        name[:-5] + "0.css",
        "",
        "0b3d91",
        "ffd400.css",
        "../base.css",
    ):
        assert stylesheet.of_name(other) is None
