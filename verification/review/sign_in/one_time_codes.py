"""One-time codes: those of an authenticator app (TOTP, RFC 6238) and recovery codes. Each is accepted once.

An app's code belongs to a step of 30 seconds. The step before and the step after are accepted too, because a phone's
clock is rarely exact. The newest step that was used is stored beside the app's key, in the row that is locked while a
code is checked: no code of this or an earlier step counts again, in whichever process and for whichever purpose.
"""

import unicodedata
from dataclasses import dataclass
from datetime import datetime

from allauth.mfa import app_settings
from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.db import transaction
from django.utils.crypto import constant_time_compare

from verification.models import StaffUser

# How far off a phone's clock is looked for, to tell its owner: 10 steps are 5 minutes. Such a code is refused.
FAR_STEPS = 10
# Keys of Authenticator.data: the newest step that was used; the later steps whose codes were typed too early.
_USED, _TOO_EARLY = "used_step", "too_early_steps"


@dataclass(frozen=True)
class Checked:
    """`accepted_by` is None if the code is refused; `steps_off` then tells by how many steps the app's clock differs,
    positive if it is ahead; 0 if the code is of no step near by."""

    accepted_by: Authenticator | None
    steps_off: int = 0


def cleaned(typed: str) -> str:
    """The code in ASCII: digits of any script, without gaps, hyphens and invisible characters."""
    kept = (one for one in typed if unicodedata.category(one)[0] not in "ZPC")
    return "".join(str(unicodedata.decimal(one, one)) for one in kept)


def step_at(now: datetime) -> int:
    return int(now.timestamp()) // int(app_settings.TOTP_PERIOD)


def steps_off(secret: str, code: str, now: datetime) -> int | None:
    """The distance of the code's step from the present one, if it is at most FAR_STEPS; the nearest one counts."""
    present = step_at(now)
    for distance in sorted(range(-FAR_STEPS, FAR_STEPS + 1), key=abs):
        if constant_time_compare(format_hotp_value(hotp_value(secret, present + distance)), code):
            return distance
    return None


def is_near(distance: int) -> bool:
    return abs(distance) <= int(app_settings.TOTP_TOLERANCE)


@transaction.atomic
def use(user: StaffUser, code: str, now: datetime) -> Checked:
    """Check a cleaned code of the user's app, or a recovery code; an accepted one is used up.

    Raises UnknownKey or NotUnwrapped if the keyring does not open the user's secrets.
    """
    steps = Authenticator.objects.select_for_update().filter(user=user)
    app = steps.filter(type=Authenticator.Type.TOTP).first()
    checked = _use_app(app, code, now) if app else Checked(None)
    if checked.accepted_by or checked.steps_off:
        return checked
    recovery = steps.filter(type=Authenticator.Type.RECOVERY_CODES).first()
    return Checked(recovery if recovery and recovery.wrap().validate_code(code) else None)


def _use_app(app: Authenticator, code: str, now: datetime) -> Checked:
    distance = steps_off(get_adapter().decrypt(app.data["secret"]), code, now)
    if distance is None:
        return Checked(None)
    step = step_at(now) + distance
    if not is_near(distance):
        _refuse_later(app, step, now)
        return Checked(None, distance)
    if step <= app.data.get(_USED, 0) or step in app.data.get(_TOO_EARLY, []):
        return Checked(None)
    note_used(app, step)
    return Checked(app)


def note_used(app: Authenticator, step: int) -> None:
    app.data[_USED] = step
    app.save(update_fields=["data"])


def _refuse_later(app: Authenticator, step: int, now: datetime) -> None:
    """A guess of a later code is told apart from a wrong one, so that code must not be accepted when its time comes."""
    waiting = [other for other in app.data.get(_TOO_EARLY, []) if other >= step_at(now) - FAR_STEPS]
    if step > step_at(now) and step not in waiting:
        app.data[_TOO_EARLY] = [*waiting, step]
        app.save(update_fields=["data"])
