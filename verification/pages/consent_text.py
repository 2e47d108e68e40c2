"""The exact text that an applicant agrees to, and its hash, which proves later which text it was.

A change of any word needs a new VERSION, because earlier applicants agreed to the old one.
"""

import hashlib
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from verification.models import Policy
from verification.vendor_accounts import clients

VERSION = "2026-11"


@dataclass(frozen=True)
class Term:
    icon: str
    heading: str
    words: str


@dataclass(frozen=True)
class ConsentText:
    """The terms and the sentence beside the box, in one language."""

    terms: tuple[Term, ...]
    agreement: str

    @property
    def sha256(self) -> str:
        """Hash of VERSION, headings and sentences as shown, one per line, without icons and markup."""
        lines = [line for term in self.terms for line in (term.heading, term.words)]
        return hashlib.sha256("\n".join([VERSION, *lines, self.agreement]).encode()).hexdigest()


def region_name(region: str) -> str:
    names = {
        "ap-singapore": _("Singapore"),
        "ap-hongkong": _("Hong Kong"),
        "ap-bangkok": _("Bangkok, Thailand"),
    }
    return names.get(region, region)


def regions_named(regions: list[str]) -> str:
    """The names of all regions that may be called, the usual one first."""
    usual, *others = [region_name(region) for region in dict.fromkeys(regions)]
    if not others:
        return usual
    return _("%(usual)s or, when that cannot be reached, in %(others)s") % {
        "usual": usual,
        "others": _(" or in ").join(others),
    }


def consent_text(policy: Policy) -> ConsentText:
    """The text in the active language, with this installation's regions and the policy's retention time."""
    icons = "pages/icons"
    terms = (
        Term(
            f"{icons}/camera.svg",
            _("What we record"),
            _(
                "A photo of your ID and a short video of your face. The video also shows what is behind you. "
                "It has no sound."
            ),
        ),
        Term(
            f"{icons}/cloud.svg",
            _("Where it goes"),
            _(
                "Your photo and video are sent, encrypted, to Tencent Cloud in %(regions)s. Its service "
                "CompareFaceLiveness checks that a live person made the video and compares the two faces. "
                "These are biometric data."
            )
            % {"regions": regions_named(clients.regions())},
        ),
        Term(f"{icons}/clock.svg", _("How long we keep it"), _retention(policy.retention_days)),
        Term(
            f"{icons}/people.svg",
            _("Who may look"),
            _("Our staff may look at your photo and video. You are never turned down by a computer alone."),
        ),
        Term(
            f"{icons}/path.svg",
            _("Another way"),
            _(
                "You don't have to do this. The organisation that sent you the link can check your identity "
                "without a camera: just ask them."
            ),
        ),
    )
    return ConsentText(
        terms, _("I agree that my photo and my video are used in this way to check my identity.")
    )


def _retention(days: int) -> str:
    return ngettext(
        "Your photo and video are deleted after %(days)d day, unless the law makes us keep them longer.",
        "Your photo and video are deleted after %(days)d days, unless the law makes us keep them longer.",
        days,
    ) % {"days": days}
