"""The exact text that an applicant agrees to, and its hash, which proves later which text it was.

A change of any word needs a new VERSION, because earlier applicants agreed to the old one.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from verification.brands.contacts import Contact, contact
from verification.brands.organisation import Organisation
from verification.models import Policy
from verification.states import DocumentCheckFor
from verification.vendor_accounts import clients

VERSION = "2026-12"


@dataclass(frozen=True)
class Term:
    """`sentence` is ours, with the `parts` of an organisation in its braces."""

    icon: str
    heading: str
    sentence: str
    parts: Mapping[str, str | Contact] = field(default_factory=dict)

    @property
    def words(self) -> str:
        """As they are hashed and kept."""
        return self.sentence.format(**self.parts) if self.parts else self.sentence

    @property
    def shown(self) -> str:
        """The same words on a page: contacts are links, and a name in another script turns no word beside it."""
        bidi = {
            name: format_html("<bdi>{}</bdi>", part) if isinstance(part, str) else part
            for name, part in self.parts.items()
        }
        return format_html(self.sentence, **bidi) if bidi else self.sentence


@dataclass(frozen=True)
class ConsentText:
    """The terms and the sentence beside the box, in one language; `organisation` is the name of who asks."""

    terms: tuple[Term, ...]
    agreement: str
    organisation: str

    @property
    def text(self) -> str:
        """VERSION, headings and sentences as shown, one per line, without icons and markup."""
        lines = [line for term in self.terms for line in (term.heading, term.words)]
        return "\n".join([VERSION, *lines, self.agreement])

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()


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


def consent_text(policy: Policy, asker: Organisation) -> ConsentText:
    """The text in the active language: who asks and why, this installation's regions, the policy's retention time."""
    terms = (
        _who_asks(asker),
        _what_we_record(),
        _where_it_goes(),
        _how_long(policy.retention_days),
        _who_checks_what(policy),
        _another_way(asker),
        _rights(asker),
    )
    agreement = _("I agree that my photo and my video are used in this way to check my identity.")
    return ConsentText(terms, agreement, asker.name)


def _who_asks(asker: Organisation) -> Term:
    return Term(
        "pages/icons/info.svg",
        _("Who asks"),
        _("{organisation} asks you to show who you are. Its legal basis: {legal_basis}."),
        {"organisation": asker.name, "legal_basis": asker.legal_basis.removesuffix(".")},
    )


def _what_we_record() -> Term:
    sentence = _(
        "A photo of your ID and a short video of your face. The video also shows what is behind you. It has no sound."
    )
    return Term("pages/icons/camera.svg", _("What we record"), sentence)


def _where_it_goes() -> Term:
    sentence = _(
        "Your photo and video are sent, encrypted, to Tencent Cloud in %(regions)s. Its service CompareFaceLiveness "
        "checks that a live person made the video and compares the two faces. These are biometric data."
    )
    named = {"regions": regions_named(clients.regions())}
    return Term("pages/icons/cloud.svg", _("Where it goes"), sentence % named)


def _how_long(days: int) -> Term:
    sentence = ngettext(
        "Your photo and video are deleted after %(days)d day, unless the law makes us keep them longer.",
        "Your photo and video are deleted after %(days)d days, unless the law makes us keep them longer.",
        days,
    )
    return Term("pages/icons/clock.svg", _("How long we keep it"), sentence % {"days": days})


def _who_checks_what(policy: Policy) -> Term:
    """Under the policy of the case, whose choice on documents decides the third sentence."""
    people = {
        DocumentCheckFor.NEVER: _(
            "Our staff may look at your photo and video, and do so when the computer is not sure."
        ),
        DocumentCheckFor.SHARE: _(
            "Our staff may look at your photo and video, do so when the computer is not sure, and check some IDs "
            "chosen at random."
        ),
        DocumentCheckFor.ALWAYS: _("Our staff check your ID, and may look at your photo and video."),
    }
    sentences = (
        _("A computer compares the faces; it does not read your ID."),
        _(
            "It also compares your photo, your video, your browser and your network with those of other checks, to "
            "notice what somebody else sent before."
        ),
        people[DocumentCheckFor(policy.document_check)],
        _("You are never turned down by a computer alone."),
    )
    return Term("pages/icons/people.svg", _("Who checks what"), " ".join(sentences))


def _another_way(asker: Organisation) -> Term:
    return Term(
        "pages/icons/path.svg",
        _("Another way"),
        _(
            "You don't have to do this. {organisation} can check your identity without a camera: ask {contact}."
        ),
        {"organisation": asker.name, "contact": asker.contact},
    )


def _rights(asker: Organisation) -> Term:
    return Term(
        "pages/icons/lock.svg",
        _("Your data and your rights"),
        _(
            "All about them is in the privacy notice: {notice}. If you have a question, ask {data_protection}."
        ),
        {"notice": contact(asker.privacy_notice), "data_protection": asker.data_protection_contact},
    )
