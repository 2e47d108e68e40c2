"""A witness (C2SP tlog-witness): it cosigns a checkpoint of a log that still begins with what it saw before."""

from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import ClassVar, Final

from verification import webhooks
from verification.anchors.place import EACH, Contradicts, Found, Newest, NotTaken, Statement, Taken
from verification.models import Attestation
from verification.transparency import cosignatures

MAX_ANSWER: Final = 64 * 1024  # bytes
_CONFLICT, _NOT_PROVEN = 409, 422


@dataclass(frozen=True)
class Witness:
    address: str
    url: str
    vkey: str
    every: ClassVar[timedelta] = EACH

    @cached_property
    def key(self) -> cosignatures.WitnessKey:
        return cosignatures.WitnessKey.parse(self.vkey)

    def take(self, newest: Newest, before: int) -> Taken:
        answer = self._ask(newest, before)
        if answer.status == _CONFLICT:
            # It saw another checkpoint last than we know of; ours begins with that one if nothing is wrong.
            before = _size(answer)
            if before > newest.size:
                raise Contradicts(before)
            answer = self._ask(newest, before)
        if answer.status == _NOT_PROVEN or (answer.status == _CONFLICT and before == newest.size):
            raise Contradicts(before)
        if answer.status != 200:
            raise NotTaken(f"answered_{answer.status}")
        try:
            line, at = cosignatures.find(answer.body, newest.note, self.key)
        except cosignatures.NotCosigned:
            raise NotTaken("not_cosigned") from None
        return Taken(Statement(Attestation.Kind.COSIGNATURE, str(line), at))

    def found(self, origin: str, newest: Newest | None) -> list[Found]:
        """What it saw last, if that is not our newest. Before our first checkpoint there is nothing to ask it with."""
        if newest is None:
            return []
        answer = self._ask(newest, newest.size)
        if answer.status == _CONFLICT:
            size = _size(answer)
            return [Found(size, differs=size == newest.size)]
        if answer.status in {200, 404}:  # the log is new to it
            return []
        raise NotTaken(f"answered_{answer.status}")

    def _ask(self, newest: Newest, before: int) -> webhooks.Answer:
        content = cosignatures.request(before, newest.proof(before), newest.note)
        return webhooks.post(f"{self.url.rstrip('/')}/add-checkpoint", content, {}, most=MAX_ANSWER)


def _size(answer: webhooks.Answer) -> int:
    """The size of the checkpoint that it saw last, as a conflict tells it. Raises NotTaken."""
    text = answer.body.decode("ascii", errors="replace").removesuffix("\n")
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise NotTaken("answered_409")
    return int(text)
