"""Sets a document as PDF/A from a template of ours, and data and pictures that others sent.

Runs in the limited child process; knows nothing of Django, cases or what stands on the pages. What is set depends on
the arguments alone: no font of the machine is used, and no file is read once the child is confined.
"""

import json
import re
import unicodedata
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from typing import Any, Final

import typst

STANDARD: Final = "a-2a"
_OF_FONTS: Final = ("manimgx_fonts", "manimgx_fonts_cjk")
# Of the ways to draw Chinese characters one is read, because each takes the memory of the whole file.
CHINESE: Final = "Noto Sans CJK SC"
MAX_MARKS: Final = 4  # combining marks on one letter; more would cover the lines around it
MAX_TRIED: Final = 300  # letters that are tried one by one; each takes 2 ms
# A value that is copied, such as a hash, stands in letters of one width, under this name. So many fit on a line.
MONO: Final = "mono"
MAX_MONO: Final = 100
SOFT_BREAK: Final = "\u200b"
# Joiners shape letters and emoji; they are the only characters without a shape that names need.
_KEPT: Final = "\n\u200c\u200d"
_UNSEEN: Final = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"})
_MARKS: Final = frozenset({"Mn", "Me"})
_LONG_WORD: Final = re.compile(r"\S{13,}")
_SEAM: Final = re.compile(r"(?<=[._@/:;,\-\]])(?=\w)")
_LONG_PIECE: Final = re.compile(r"[^\s\u200b]{17,}")
_PIECE: Final = 8  # characters between two places where a long piece may be broken


def typeset(template: bytes, data: bytes, pictures: list[tuple[str, bytes]], at: int) -> bytes:
    """The PDF, made at so many seconds since 1970. Every text of the data stands in it as text.

    Characters that nobody sees are spelt out, and so are those that no font has.
    """
    shown = {name: list(picture) for name, picture in pictures}
    values = _each_text(json.loads(data), legible)
    # PDF/A takes no character that no font has.
    if not _is_set("\n".join(_letters(values))):
        values = _each_text(values, _Shapes().spelt_without)
    try:
        return _compiled(template, {**_unless_copied(values), "pictures": shown}, at)
    except typst.TypstError:
        # Letters that have a shape each may have none together.
        values = _each_text(values, _Shapes().spelt_without)
        return _compiled(template, {**_unless_copied(values), "pictures": shown}, at)


def _letters(values: Any) -> list[str]:
    """The letters outside of ASCII, each once."""
    found: set[str] = set()

    def note(text: str) -> str:
        found.update(text)
        return text

    _each_text(values, note)
    return sorted(letter for letter in found if not letter.isascii())


def legible(text: str) -> str:
    """The text with what nobody sees spelt out, and without marks that are heaped on a letter."""
    letters, marks = [], 0
    for letter in text.replace("\t", " "):
        category = unicodedata.category(letter)
        marks = marks + 1 if category in _MARKS else 0
        if marks <= MAX_MARKS:
            letters.append(_spelt(letter) if category in _UNSEEN and letter not in _KEPT else letter)
    return "".join(letters)


def breakable(text: str) -> str:
    """The text with places where a line may end inside of long words, which else would leave their column."""
    return _LONG_WORD.sub(_with_seams, text)


def _with_seams(word: re.Match[str]) -> str:
    return _LONG_PIECE.sub(_in_pieces, _SEAM.sub(SOFT_BREAK, word[0]))


def _in_pieces(piece: re.Match[str]) -> str:
    return SOFT_BREAK.join(piece[0][start : start + _PIECE] for start in range(0, len(piece[0]), _PIECE))


def _spelt(letter: str) -> str:
    return f"[U+{ord(letter):04X}]"


def _each_text(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, list):
        return [_each_text(item, change) for item in value]
    if isinstance(value, dict):
        return {name: _each_text(item, change) for name, item in value.items()}
    return value


def _unless_copied(value: Any) -> Any:
    """The values with places to break, but for what is copied from the page and fits on a line."""
    if isinstance(value, list):
        return [_unless_copied(item) for item in value]
    if isinstance(value, dict):
        return {
            name: item if name == MONO and len(item) <= MAX_MONO else _unless_copied(item)
            for name, item in value.items()
        }
    return breakable(value) if isinstance(value, str) else value


class _Shapes:
    """Which letters have a shape in one of the fonts, found out by setting each of them alone."""

    def __init__(self) -> None:
        self._known: dict[str, bool] = {}

    def spelt_without(self, text: str) -> str:
        """The text with each letter spelt out that has none; with all but ASCII, if letters fail together."""
        tried = "".join(letter if self._has(letter) else _spelt(letter) for letter in text)
        if tried.isascii() or _is_set(tried):
            return tried
        return "".join(letter if letter.isascii() else _spelt(letter) for letter in text)

    def _has(self, letter: str) -> bool:
        if letter.isascii():
            return True
        if letter not in self._known:
            self._known[letter] = len(self._known) < MAX_TRIED and _is_set(letter)
        return self._known[letter]


def _is_set(text: str) -> bool:
    try:
        _compiled(_ALONE, {"text": text}, 0)
    except typst.TypstError:
        return False
    return True


def _compiled(template: bytes, values: dict[str, Any], at: int) -> bytes:
    data = json.dumps(values, ensure_ascii=False, separators=(",", ":")).encode()
    options = {"pdf_standards": [STANDARD], "timestamp": at}
    return bytes(_compile({"main.typ": template, "data.json": data}, font_paths=_FONTS, **options))


def _fonts() -> typst.Fonts:
    folders = [folder for package in _OF_FONTS for folder in _folders(package)]
    return typst.Fonts(include_system_fonts=False, font_paths=folders)


def _folders(package: str) -> list[str]:
    """Where an installed package lies, without running its code, of which nothing is needed."""
    found = find_spec(package)
    if found is None or not found.submodule_search_locations:
        raise ModuleNotFoundError(f"The package of fonts {package} is not installed.", name=package)
    return list(found.submodule_search_locations)


def _read(fonts: typst.Fonts) -> None:
    """Have each font read from its file, which it is at its first use: a confined child may read none."""
    families = [name for name in fonts.families() if "CJK" not in name or name == CHINESE]
    used = "".join(f'#text(font: "{name}", fallback: false)[A]' for name in families)
    _compile({"main.typ": used.encode()}, font_paths=fonts)


# Its types lack that it takes files by their names. The root is named, because else the folder of the process would be
# asked for, and no confined child may ask.
_compile: Final[Any] = partial(typst.compile, root="/", format="pdf")
_FONTS: Final = _fonts()
_ALONE: Final = b"""#set document(title: "A")
#set text(font: ("Noto Sans", "Noto Sans CJK SC"))
#json("data.json").text"""
_read(_FONTS)
