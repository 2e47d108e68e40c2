"""Joins a JavaScript module and everything that it imports into one module; docs/adr/0026.

It knows only the forms of import and export that the pages' modules use, and refuses every other one, so that nothing
is joined wrongly in silence. The order of evaluation is the browser's: what is imported comes first, once.
"""

import posixpath
import re
from collections.abc import Callable

_IMPORT = re.compile(
    r'^import (?:\* as (?P<whole>\w+)|\{(?P<some>[\w\s,]+)\}) from "(?P<path>\.[^"]+)";\n', re.MULTILINE
)
_EXPORT = re.compile(r"^export (?=(?:async )?(?:function\*?|class|const) (?P<name>\w+))", re.MULTILINE)
_OTHER_FORMS = re.compile(r"^(?:import|export)\b.*|\bimport\s*[(.].*", re.MULTILINE)
# Lines that are a comment, and types inside a line. In a text over several lines a line could look like a comment.
_COMMENT = re.compile(
    r"^[ \t]*(?://.*|/\*(?:(?!\*/)[\s\S])*\*/[ \t]*)\n|/\*\* @(?:(?!\*/).)*\*/ ?", re.MULTILINE
)
_TEXT_OVER_LINES = re.compile(r"^[^`\n]*`(?:[^`\n]*`[^`\n]*`)*[^`\n]*$", re.MULTILINE)
_INDENT = re.compile(r"^[ \t]+|\n+(?=\n)", re.MULTILINE)


class CannotJoin(ValueError):
    """A module has an import, an export or a text of a form that is not known here."""


def join(entry: str, read: Callable[[str], str]) -> str:
    """The text of module `entry` with all that it imports; `read` returns the text of the module of a name."""
    joined: dict[str, str] = {}
    exports: dict[str, set[str]] = {}

    def add(name: str, importers: tuple[str, ...]) -> None:
        if name in importers:
            raise CannotJoin(f"{name} imports itself by way of {', '.join(importers)}")
        if name in joined:
            return
        code = _without_comments(name, read(name))
        for statement in _IMPORT.finditer(code):
            imported = _imported(name, statement)
            add(imported, (*importers, name))
            if missing := _names(statement) - exports[imported]:
                raise CannotJoin(f"{name} imports what {imported} does not export: {', '.join(missing)}")
        exports[name] = {statement["name"] for statement in _EXPORT.finditer(code)}
        joined[name] = _wrapped(name, code, sorted(exports[name]))

    add(entry, ())
    return "".join(joined.values())


def _without_comments(name: str, code: str) -> str:
    code = _COMMENT.sub("", code)
    if found := _TEXT_OVER_LINES.search(code):
        raise CannotJoin(f"{name} has a text over several lines: {found[0]}")
    return _INDENT.sub("", code)


def _names(statement: re.Match[str]) -> set[str]:
    """The names that it asks for, as the other module exports them."""
    return {part.split()[0] for part in (statement["some"] or "").split(",") if part.strip()}


def _wrapped(name: str, code: str, exported: list[str]) -> str:
    """The module as a function that is called at once and returns what the module exports."""
    code = _EXPORT.sub("", _IMPORT.sub(lambda statement: _taken(name, statement), code))
    if other := _OTHER_FORMS.search(code):
        raise CannotJoin(f"{name} has an import or export of another form: {other[0]}")
    return f"const {_variable(name)} = (() => {{\n{code}return {{ {', '.join(exported)} }};\n}})();\n"


def _taken(name: str, statement: re.Match[str]) -> str:
    """`import { a as b } from "./c.js"` as `const { a: b } = $c_js`."""
    what = statement["whole"] or f"{{{statement['some'].replace(' as ', ': ')}}}"
    return f"const {what} = {_variable(_imported(name, statement))};\n"


def _imported(name: str, statement: re.Match[str]) -> str:
    return posixpath.normpath(posixpath.join(posixpath.dirname(name), statement["path"]))


def _variable(name: str) -> str:
    """A name that no module uses itself."""
    return "$" + re.sub(r"\W", "_", name)
