"""Small wrong changes to a module's source, one at a time: the mistakes that a tired programmer makes.

Annotations, decorators, `__all__`, texts and log lines are left alone: a change there alters nothing that a user
meets, or only words. Positions inside an f-string are not those of the source before Python 3.12, so its parts are
left alone too.
"""

import ast
import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

FLIPPED: Final[dict[type[ast.cmpop], type[ast.cmpop]]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
SWAPPED: Final[dict[type[ast.operator], type[ast.operator]]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.FloorDiv: ast.Mult,
    ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
}
OTHER_CALL: Final = {"any": "all", "all": "any", "min": "max", "max": "min"}
NOT_CHANGED: Final = {"annotation", "returns", "decorator_list"}  # fields of a node
TEXTS: Final = {"help_text", "description"}  # named arguments that are words for people
SHOWN: Final = 120  # characters of a change


@dataclass(frozen=True)
class Change:
    """`node` is replaced by `text`; `shown` says so in words, and `at` is where a reader looks for it."""

    node: Any
    text: str
    shown: str
    at: Any


@dataclass(frozen=True)
class Mutant:
    """One changed module: `source` is the whole of it, `line` the number and `text` the words of the line changed.

    `lines` are the first and the last line of what the change is a part of.
    """

    path: str
    line: int
    text: str
    change: str
    lines: tuple[int, int]
    in_function: bool
    source: str

    @property
    def key(self) -> tuple[str, str, str]:
        """What finds the same change again after lines have moved."""
        return self.path, self.text, self.change


def mutants_of(path: str, source: str) -> list[Mutant]:
    """Every mutant of the module."""
    words = source.splitlines()
    found = {}
    for node, in_function in _mutable(ast.parse(source), False):
        for operator in OPERATORS:
            for change in operator(node):
                line, lines = change.at.lineno, (change.node.lineno, change.node.end_lineno)
                mutated = _replaced(source, change)
                text = words[line - 1].strip()
                found[mutated] = Mutant(path, line, text, change.shown, lines, in_function, mutated)
    return list(found.values())


def lines_that_use(source: str, line: int) -> set[int]:
    """The lines of a module that use a name which its statement at `line` gives."""
    module = ast.parse(source)
    names = [node for node in ast.walk(module) if isinstance(node, ast.Name)]
    (statement,) = (part for part in module.body if part.lineno <= line <= (part.end_lineno or line))
    given = {
        node.id
        for node in ast.walk(statement)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }
    return {node.lineno for node in names if node.id in given and isinstance(node.ctx, ast.Load)}


def _replaced(source: str, change: Change) -> str:
    """Python counts columns in bytes of UTF-8."""
    node, lines = change.node, source.encode().splitlines(keepends=True)
    before = b"".join(lines[: node.lineno - 1]) + lines[node.lineno - 1][: node.col_offset]
    after = lines[node.end_lineno - 1][node.end_col_offset :] + b"".join(lines[node.end_lineno :])
    return (before + change.text.encode() + after).decode()


def _mutable(node: ast.AST, in_function: bool) -> Iterator[tuple[ast.AST, bool]]:
    """The nodes that may be changed, and whether they run when a function does or when the module is imported."""
    yield node, in_function
    for name, value in ast.iter_fields(node):
        inside = in_function or (isinstance(node, ast.FunctionDef | ast.Lambda) and name == "body")
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST) and name not in NOT_CHANGED and not _is_left_alone(child):
                yield from _mutable(child, inside)


def _is_left_alone(node: ast.AST) -> bool:
    log_line = isinstance(node, ast.Expr) and ast.unparse(node).startswith("log.")
    names = isinstance(node, ast.Assign) and ast.unparse(node).startswith("__all__")
    return log_line or names or isinstance(node, ast.JoinedStr)


def _other(node: Any, **fields: Any) -> Change:
    """`node` with other `fields`, in parentheses so that it means the same wherever it stands."""
    changed = copy.copy(node)
    for name, value in fields.items():
        setattr(changed, name, value)
    return _instead(node, f"({ast.unparse(changed)})")


def _without(node: Any, part: Any, shown: str, **fields: Any) -> Change:
    """`node` with `fields` that lack one `part`."""
    text = _other(node, **fields).text
    return Change(node, text, f"{_short(shown)} left out", part)


def _instead(node: Any, text: str) -> Change:
    return Change(node, text, f"{_short(ast.unparse(node))} → {_short(text)}", node)


def _short(text: str) -> str:
    return text if len(text) <= SHOWN else f"{text[: SHOWN // 2]} … {text[-SHOWN // 2 :]}"


def _comparisons(node: ast.AST) -> Iterator[Change]:
    if isinstance(node, ast.Compare):
        for place, operator in enumerate(node.ops):
            yield _other(node, ops=[*node.ops[:place], FLIPPED[type(operator)](), *node.ops[place + 1 :]])


def _and_or(node: ast.AST) -> Iterator[Change]:
    if isinstance(node, ast.BoolOp):
        yield _other(node, op=ast.Or() if isinstance(node.op, ast.And) else ast.And())


def _arithmetic(node: ast.AST) -> Iterator[Change]:
    """`int | str` joins types, and is an annotation wherever it stands."""
    if isinstance(node, ast.BinOp) and type(node.op) in SWAPPED:
        types = isinstance(node.op, ast.BitOr) and isinstance(node.right, ast.Name)
        if not types:
            yield _other(node, op=SWAPPED[type(node.op)]())


def _conditions(node: ast.AST) -> Iterator[Change]:
    """A condition turned round, or a `not` left out. Comparisons are turned round already."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield _instead(node, f"({ast.unparse(node.operand)})")
    tests = [node.test] if isinstance(node, ast.If | ast.IfExp | ast.While) else []
    tests += node.ifs if isinstance(node, ast.comprehension) else []
    for test in tests:
        if not isinstance(test, ast.Compare | ast.UnaryOp):
            yield _instead(test, f"(not ({ast.unparse(test)}))")


def _constants(node: ast.AST) -> Iterator[Change]:
    """The next number; a large one is doubled, for nobody would miss one more."""
    if isinstance(node, ast.Constant):
        if isinstance(node.value, bool):
            yield _instead(node, str(not node.value))
        elif isinstance(node.value, int | float):
            yield _instead(node, repr(node.value + 1 if node.value < 10 else node.value * 2))


def _returns(node: ast.AST) -> Iterator[Change]:
    """Nothing is returned. What is as good as nothing, as `""` or `()`, is left alone."""
    if isinstance(node, ast.Return) and node.value is not None:
        empty = ast.unparse(node.value) in {"None", "False", "0", "''", "()", "[]", "{}"}
        if not empty:
            yield _instead(node, "return None")


def _statements(node: ast.AST) -> Iterator[Change]:
    """A call made for its effect, a change of an object or a refusal is left out."""
    effect = isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)
    written = isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Attribute | ast.Subscript)
    if effect or written or isinstance(node, ast.AugAssign | ast.Raise | ast.Delete):
        yield Change(node, "pass", f"{_short(ast.unparse(node))} left out", node)


def _arguments(node: ast.AST) -> Iterator[Change]:
    """A named argument is left out: a filter without one of its conditions, an update without one of its fields."""
    if isinstance(node, ast.Call):
        for place, keyword in enumerate(node.keywords):
            if keyword.arg is not None and keyword.arg not in TEXTS:
                rest = [*node.keywords[:place], *node.keywords[place + 1 :]]
                yield _without(node, keyword, ast.unparse(keyword), keywords=rest)


def _elements(node: ast.AST) -> Iterator[Change]:
    """One of several is missing: a status of a set, a field of a dictionary."""
    if isinstance(node, ast.Set | ast.List) and len(node.elts) > 1:
        for place, element in enumerate(node.elts):
            rest = [*node.elts[:place], *node.elts[place + 1 :]]
            yield _without(node, element, ast.unparse(element), elts=rest)
    if isinstance(node, ast.Dict) and len(node.keys) > 1:
        pairs = list(zip(node.keys, node.values, strict=True))
        for place, (key, value) in enumerate(pairs):
            keys, values = zip(*pairs[:place], *pairs[place + 1 :], strict=True)
            shown = f"{ast.unparse(key)}: {ast.unparse(value)}" if key else f"**{ast.unparse(value)}"
            yield _without(node, key or value, shown, keys=keys, values=values)


def _calls(node: ast.AST) -> Iterator[Change]:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in OTHER_CALL:
        yield _other(node, func=ast.Name(OTHER_CALL[node.func.id]))


OPERATORS: Final[list[Callable[[ast.AST], Iterator[Change]]]] = [
    _comparisons,
    _and_or,
    _arithmetic,
    _conditions,
    _constants,
    _returns,
    _statements,
    _arguments,
    _elements,
    _calls,
]
