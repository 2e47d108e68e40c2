"""A line of docs/limits.md: a limit, and what becomes of the person or the work that meets it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Limit:
    """`place` is "module:NAME" or "module:NAME[key]", the module below `verification` or `settings`.

    One of three is set: the `code` of a refusal, with the table that holds its text (api, photo or video); the `text`
    of a page as it stands in the code; or the `effect` where no text is shown.
    """

    place: str
    what: str
    unit: str = ""
    code: tuple[str, str] | None = None
    text: str = ""
    effect: str = ""


def photo(place: str, what: str, unit: str, code: str) -> Limit:
    return Limit(place, what, unit, code=("photo", code))


def video(place: str, what: str, unit: str, code: str) -> Limit:
    return Limit(place, what, unit, code=("video", code))


def api(place: str, what: str, unit: str, code: str) -> Limit:
    return Limit(place, what, unit, code=("api", code))


def text(place: str, what: str, unit: str, text: str) -> Limit:
    return Limit(place, what, unit, text=text)


def then(place: str, what: str, unit: str, effect: str) -> Limit:
    return Limit(place, what, unit, effect=effect)


def waits(place: str, what: str, unit: str = "") -> Limit:
    return Limit(place, what, unit, effect="nothing: the work waits")
