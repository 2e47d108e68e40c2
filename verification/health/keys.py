"""The keyring: whether it opens what is stored, and whether keys wait to be wrapped anew."""

from datetime import datetime
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from verification import storage
from verification.health.fact import Fact, Tone

MAX_COUNTED: Final = 10_000


def facts(now: datetime) -> list[Fact]:
    title = gettext_lazy("Keyring")
    if not storage.ring_opens():
        says = _("The keyring does not open the newest data key: nobody can send a photo or a recording.")
        return [
            Fact(
                "keys",
                title,
                Tone.BAD,
                says,
                _("Put the missing entry back into KYC_KEYRING (docs/keys.md)."),
            )
        ]
    ring = storage.keyring()
    entries = _("The first entry is %(first)s.") % {"first": ring.primary}
    if others := [name for name in ring.ids if name != ring.primary]:
        entries = _("The first entry is %(first)s; behind it: %(others)s.") % {
            "first": ring.primary,
            "others": ", ".join(others),
        }
    waiting = storage.to_rewrap(MAX_COUNTED + 1)
    if not waiting:
        return [Fact("keys", title, Tone.GOOD, f"{entries} {_('It wraps all data keys.')}")]
    many = f"{MAX_COUNTED}+" if waiting > MAX_COUNTED else str(waiting)
    says = _("%(many)s data keys are still wrapped with another entry.") % {"many": many}
    to_do = _("Wrap them anew, with the button below, before an old entry leaves the ring.")
    return [Fact("keys.rewrap", title, Tone.WARN, f"{entries} {says}", to_do)]
