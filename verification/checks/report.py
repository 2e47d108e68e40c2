"""How a check tells what it found."""

from collections.abc import Iterable

from django.core.checks import CheckMessage, Error, Warning

HINT = "See .env.example."
# Whether the rule is broken, what to say then, and the number of the rule.
Rule = tuple[bool, str, str]


def errors(rules: Iterable[Rule]) -> list[CheckMessage]:
    return [Error(message, hint=HINT, id=number) for broken, message, number in rules if broken]


def warnings(rules: Iterable[Rule]) -> list[CheckMessage]:
    return [Warning(message, hint=HINT, id=number) for broken, message, number in rules if broken]
