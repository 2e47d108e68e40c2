"""The state of each vendor account in words, for the notice on the work board and for the vendor page.

`vendor_accounts.pacing` decides whether a call may be made.
"""

from datetime import datetime
from typing import Any

from django.db.models import TextChoices
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from verification.models import VendorAccount
from verification.review import words
from verification.vendor_accounts import pacing


class State(TextChoices):
    CALLING = "calling", gettext_lazy("calling")
    TRIAL = "trial", gettext_lazy("being tried again")
    PAUSED = "paused", gettext_lazy("paused")
    WAITING = "waiting", gettext_lazy("asked to wait")
    SPENT = "spent", gettext_lazy("budget spent")


TONES = {
    State.CALLING: "good",
    State.TRIAL: "warn",
    State.PAUSED: "bad",
    State.WAITING: "warn",
    State.SPENT: "bad",
}


def state_of(account: VendorAccount, now: datetime) -> State:
    if account.paused_at is None:
        waiting = State.WAITING if pacing.asked_to_wait(account, now) else State.CALLING
        return State.SPENT if pacing.budget_is_spent(account, now) else waiting
    held = pacing.budget_is_spent(account, now) or pacing.asked_to_wait(account, now)
    on_trial = pacing.on_trial(account, now) and not held
    return State.TRIAL if on_trial else State.PAUSED


def in_short(now: datetime) -> list[dict[str, Any]]:
    """One line for each configured account."""
    return [_line(account, now) for account in pacing.accounts()]


def _line(account: VendorAccount, now: datetime) -> dict[str, Any]:
    state = state_of(account, now)
    since = words.moment(account.paused_at, now) if account.paused_at else ""
    return {"account": account, "state": state, "tone": TONES[state], "since": since}


def notice(lines: list[dict[str, Any]], now: datetime) -> dict[str, Any] | None:
    """The notice when an account is not called, else None. `tone` is bad if no account is called, else warn."""
    closed = [line for line in lines if line["state"] != State.CALLING]
    if not closed:
        return None
    if len(closed) < len(lines):
        names = ", ".join(line["account"].name for line in closed)
        sentence = _("Not all vendor accounts are called: %(names)s stands still. The others go on.")
        return {"tone": "warn", "sentence": sentence % {"names": names}}
    pauses = [line["account"].paused_at for line in closed if line["account"].paused_at]
    if not pauses and any(line["state"] == State.WAITING for line in closed):
        sentence = _("The vendor asked us to wait for a few minutes at most. Waiting work goes on by itself.")
        return {"tone": "warn", "sentence": sentence}
    if not pauses:
        sentence = _("Today's budget for vendor calls is spent. Waiting work goes on by itself at 00:00 UTC.")
        return {"tone": "bad", "sentence": sentence}
    sentence = _("Calling the vendor is paused since %(since)s UTC. Waiting work resumes by itself.")
    return {"tone": "bad", "sentence": sentence % {"since": words.moment(min(pauses), now)}}
