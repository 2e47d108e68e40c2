"""Hints for reviewers from what the browser reported about its recording.

Pure functions of an attempt's values. A browser can claim anything, so a hint proves nothing, and neither does the
absence of hints: each hint states what it means and what it does not.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.utils.translation import gettext as _

from verification.models import VerificationAttempt
from verification.rules import queue_marks

# Tolerance between the browser's times and the container's: recorders start and stop late.
SLACK = timedelta(seconds=1.5)
# A prompt earlier than this after the start of the recording is odd: the camera does not run yet.
EARLIEST_PROMPT_MS = 100


@dataclass(frozen=True)
class Signal:
    """One hint: its title, what was seen, what that may mean, and what it does not mean."""

    code: str
    title: str
    seen: str
    means: str
    means_not: str


def of_attempt(attempt: VerificationAttempt, others: Iterable[VerificationAttempt]) -> list[Signal]:
    """The hints of one attempt; `others` are the case's other attempts."""
    signals: Mapping[str, Any] = attempt.signals
    found = (
        _virtual_camera(signals),
        _automated(signals),
        _other_device(signals, [other.signals for other in others if other.signals]),
        _odd_timing(attempt),
    )
    return [signal for signal in found if signal is not None]


def _virtual_camera(signals: Mapping[str, Any]) -> Signal | None:
    camera = str(signals.get("camera", ""))
    if not queue_marks.is_virtual(camera):
        return None
    return Signal(
        "virtual_camera",
        _("The camera's name is one of a virtual camera"),
        camera,
        _("A program may have stood between the lens and the browser, and may have played a prepared video."),
        _("People also use such programs in meetings to blur their room. It is no proof of a replay."),
    )


def _automated(signals: Mapping[str, Any]) -> Signal | None:
    if signals.get("webdriver") is not True:
        return None
    return Signal(
        "automated",
        _("The browser says that it is driven by a program"),
        "webdriver",
        _("The recording may have been made by a script."),
        _("Some tools for people with disabilities do this too. A careful attacker hides it."),
    )


def _other_device(signals: Mapping[str, Any], others: list[Mapping[str, Any]]) -> Signal | None:
    changed = [
        name
        for name in ("camera", "screen")
        if signals.get(name) and any(other.get(name) not in (None, "", signals[name]) for other in others)
    ]
    if not changed:
        return None
    words = {"camera": _("camera"), "screen": _("screen")}
    return Signal(
        "device_changed",
        _("Not the device of another attempt"),
        ", ".join(words[name] for name in changed),
        _("The attempts were recorded with different devices. Somebody else may have gone on."),
        _("People change from a computer to a phone to get a better picture: we offer it to them."),
    )


def _odd_timing(attempt: VerificationAttempt) -> Signal | None:
    seen = [odd for odd in (_claimed_length(attempt), _too_quick(attempt), _early_prompt(attempt)) if odd]
    if not seen:
        return None
    return Signal(
        "odd_timing",
        _("The times don't fit together"),
        "; ".join(seen),
        _("The recording may not have been made while its movements were asked for."),
        _(
            "A slow or busy phone drops pictures and starts late. Watch whether the movements follow the prompts."
        ),
    )


def _claimed_length(attempt: VerificationAttempt) -> str:
    claimed, found = attempt.signals.get("duration_ms"), _length(attempt)
    if not claimed or found is None or abs(timedelta(milliseconds=claimed) - found) <= SLACK:
        return ""
    return _("the browser says %(claimed)s s, the recording has %(found)s s") % {
        "claimed": f"{claimed / 1000:.1f}",
        "found": f"{found.total_seconds():.1f}",
    }


def _too_quick(attempt: VerificationAttempt) -> str:
    """The upload arrived sooner after the challenge than the recording is long."""
    found = _length(attempt)
    if found is None or attempt.submitted_at is None:
        return ""
    took = attempt.submitted_at - attempt.issued_at
    if took >= found - SLACK:
        return ""
    return _("it was here %(took)s s after the challenge, but is %(found)s s long") % {
        "took": f"{took.total_seconds():.1f}",
        "found": f"{found.total_seconds():.1f}",
    }


def _early_prompt(attempt: VerificationAttempt) -> str:
    prompts = attempt.signals.get("prompts") or []
    if not any(prompt["at"] < EARLIEST_PROMPT_MS for prompt in prompts):
        return ""
    return _("a movement was asked for before the recording began")


def _length(attempt: VerificationAttempt) -> timedelta | None:
    seconds = attempt.facts.get("recorded", {}).get("duration")
    return timedelta(seconds=float(seconds)) if seconds else None
