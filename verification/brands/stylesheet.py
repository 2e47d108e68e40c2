"""The stylesheet that gives the applicants' pages an organisation's colour. It follows from the colour alone."""

import hashlib
from functools import lru_cache

from verification.brands import colours


@lru_cache(maxsize=64)
def stylesheet(colour: str) -> str:
    """Raises colours.UnfitColour."""
    colours.check(colour)
    dark = _rule(colours.dark(colour))
    return f"{_rule(colours.light(colour))}@media (prefers-color-scheme: dark) {{\n{dark}}}\n"


def name(colour: str) -> str:
    """A file name that is another one as soon as the content is, so that browsers may keep the file for ever."""
    content = hashlib.sha256(stylesheet(colour).encode()).hexdigest()
    return f"{colour.removeprefix('#')}.{content[:16]}.css"


def of_name(asked: str) -> str | None:
    """The stylesheet with this name, if there is one."""
    colour = f"#{asked[:6]}"
    try:
        return stylesheet(colour) if name(colour) == asked else None
    except colours.UnfitColour:
        return None


def _rule(shades: colours.Shades) -> str:
    lines = [f"  --{field.replace('_', '-')}: {value};\n" for field, value in vars(shades).items()]
    return f":root {{\n{''.join(lines)}}}\n"
