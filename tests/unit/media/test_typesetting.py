"""Setting a document: the same values give the same bytes, and what others wrote stays text."""

import io
import json
from datetime import UTC, datetime

import pytest
from PIL import Image

from tests import pdf
from verification import media

AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
TEMPLATE = b"""
#let data = json("data.json")
#set document(title: "Test")
#set text(font: ("Noto Sans", "Noto Sans CJK SC"), lang: "en")
#for words in data.words [ #words #parbreak() ]
#for picture in data.pictures.values() { image(bytes(picture), width: 5cm, alt: "Test") }
"""
# What somebody's name may hold, and how it stands on the page.
NAMES = {
    "markup": (
        "#panic() *x* _y_ $z$ `r` <l> @k \\ // # [ ] { }",
        "#panic() *x* _y_ $z$ `r` <l> @k \\ // # [ ] { }",
    ),
    "a path": ('"); #read("/etc/passwd")', '"); #read("/etc/passwd")'),
    "letters that turn the line": ("ab\u202ecd", "ab[U+202E]cd"),
    "a control character": ("a\x00b\x1b[31m", "a[U+0000]b[U+001B][31m"),
    "a letter of private use": ("a\ue000", "a[U+E000]"),
    "a letter that no font has": ("\U00012000 Ан", "[U+12000] Ан"),
    "half a pair": ("a\ud800b", "a[U+D800]b"),
    "Greek and Cyrillic": ("Ελένη Жанна", "Ελένη Жанна"),
    "Chinese": ("李小龙", "李小龙"),
    "Korean and Japanese": ("한국 ひらがな", "한국 ひらがな"),
    "Thai": ("สมชาย", "สมชาย"),
    "Georgian and Armenian": ("გიორგი Արամ", "გიორგი Արամ"),
}


def picture() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (400, 300), (20, 90, 40)).save(out, "JPEG")
    return out.getvalue()


def typeset(*words: str, **pictures: bytes) -> bytes:
    return media.typeset(TEMPLATE, json.dumps({"words": words}).encode(), pictures, AT)


@pytest.mark.parametrize("name", NAMES)
def test_what_others_wrote_stays_text(name: str) -> None:
    given, shown = NAMES[name]
    assert shown in pdf.text_of(typeset(given))


@pytest.mark.parametrize("name", ["محمد", "משה", "हिन्दी", "👩‍👩‍👧 😀"])
def test_letters_of_other_scripts_and_signs_have_a_shape(name: str) -> None:
    assert "[U+" not in pdf.text_of(typeset(name))


def test_the_same_values_give_the_same_bytes_and_others_do_not() -> None:
    first = typeset("Zoë", photo=picture())
    assert typeset("Zoë", photo=picture()) == first
    assert typeset("Zoé", photo=picture()) != first


def test_the_document_is_one_for_archives_and_sound() -> None:
    made = typeset("Zoë", photo=picture())
    assert b'pdfaid:part="2"' in made or b"<pdfaid:part>2</pdfaid:part>" in made
    assert pdf.is_sound(made)


def test_a_word_of_ten_thousand_letters_stays_on_the_page() -> None:
    made = typeset("x" * 10_000)
    assert "x" * 10_000 in pdf.text_of(made).replace(" ", "")
    assert pdf.pages_of(made) == 3


def test_a_heap_of_marks_is_cut_off() -> None:
    assert pdf.text_of(typeset("e" + "\u0323" * 3000)).count("\u0323") < 20


def test_a_file_that_the_template_asks_for_is_not_read() -> None:
    with pytest.raises(media.UnusableMedia):
        media.typeset(b'#read("/etc/passwd")', b"{}", {}, AT)


def test_a_template_that_never_ends_is_stopped() -> None:
    with pytest.raises(media.UnusableMedia, match="media_timeout"):
        media.typeset(b"#for i in range(90000) { for j in range(90000) { } }", b"{}", {}, AT)


def test_a_picture_that_is_none_is_refused() -> None:
    with pytest.raises(media.UnusableMedia):
        typeset("Zoë", photo=b"no picture")
