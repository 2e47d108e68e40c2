"""Counts the statements that reached a PostgreSQL server, from its log, by the name that an application gave itself."""

import re
from collections import Counter
from dataclasses import dataclass, field

# What the server has to be started with.
SETTINGS = ("log_statement=all", "log_line_prefix=%a|")
_LINE = re.compile(
    r"^(?P<application>[^|\n]*)\|LOG:  (?:statement|execute [^:]*): (?P<statement>.*)", re.MULTILINE
)
_OF_TRANSACTIONS = re.compile(r"BEGIN|COMMIT|ROLLBACK|SAVEPOINT|RELEASE|SET ", re.IGNORECASE)
# The portal's first statement on each new connection.
_CONNECTED = "SET idle_session_timeout"
_SHORTER = (
    (re.compile(r"'(?:[^']|'')*'"), "?"),
    (re.compile(r"\b\d+(?:\.\d+)?\b"), "?"),
    (re.compile(r"\bs\d+_x\d+\b"), "?"),  # Django's name of a savepoint
    (re.compile(r'"\w+"\.(?=")'), ""),
    (re.compile(r'"'), ""),
    (re.compile(r"(SELECT(?: DISTINCT)?) (?:\w+, )+\w+ FROM"), r"\1 … FROM"),
    (re.compile(r"(INSERT INTO \w+) .*"), r"\1 …"),
    (re.compile(r"\((?:\(?\?(?:::\w+)?\)?, )+\(?\?(?:::\w+)?\)?\)"), "(?)"),
)


@dataclass
class Statements:
    """How often each statement came, its values replaced by "?". Those of a transaction are BEGIN, COMMIT, SET …"""

    ordinary: Counter[str] = field(default_factory=Counter)
    of_transactions: Counter[str] = field(default_factory=Counter)

    @property
    def connections(self) -> int:
        return sum(count for text, count in self.of_transactions.items() if text.startswith(_CONNECTED))


def count(log: str, application: str) -> Statements:
    found = Statements()
    for line in _LINE.finditer(log):
        if line["application"] == application:
            text = _shape(line["statement"])
            (found.of_transactions if _OF_TRANSACTIONS.match(text) else found.ordinary)[text] += 1
    return found


def _shape(statement: str) -> str:
    for pattern, shorter in _SHORTER:
        statement = pattern.sub(shorter, statement)
    return statement
