"""One thing that is wrong with the trail."""

from typing import NamedTuple


class Finding(NamedTuple):
    """`item` names what is wrong, such as "event 17"; `what` says what is wrong with it, in words for an auditor."""

    item: str
    what: str
