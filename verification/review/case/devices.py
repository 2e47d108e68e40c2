"""The hint for reviewers that a case was open in more than one browser, with when and on what."""

from django.utils.dateformat import format as date_format
from django.utils.translation import gettext as _

from verification.models import LinkBinding, Verification
from verification.review.case.capture_signals import Signal


def of_case(case: Verification) -> list[Signal]:
    """The hint of the case: none as long as one browser had it."""
    bindings = list(case.bindings.all())
    if len({binding.browser_hash for binding in bindings}) < 2:
        return []
    return [
        Signal(
            "devices",
            _("The link was used on more than one device"),
            "; ".join(_opened(binding) for binding in bindings),
            _(
                "Somebody else may have the link, and may have gone on in place of the person or watched them."
            ),
            _("People change from a computer to a phone, and each browser on one phone counts as a device."),
        )
    ]


def _opened(binding: LinkBinding) -> str:
    return f"{binding.get_device_display()}, {date_format(binding.at, 'j M H:i')}"
