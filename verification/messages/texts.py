"""The words of a message, from the templates of its language.

A text names the person and the organisation, and nothing else about the case but what it is about. It is plain text: no
value can become markup, and nothing is loaded when it is read.
"""

import re
from dataclasses import dataclass, replace
from typing import Any

from django.conf import settings
from django.template import Context, TemplateDoesNotExist
from django.template.loader import select_template
from django.utils.translation import override

from verification.brands import organisation
from verification.models import Channel, Message, MessageKind, Verification

# What may be the name of a folder of templates.
_LOCALE = re.compile(r"[a-z]{2,3}(-[a-z0-9]{2,8})*")
MAX_SUBJECT = 150


@dataclass(frozen=True, repr=False)
class Text:
    """`subject` is empty in an SMS. `sender` is the name of the brand, or "" for the installation's organisation."""

    subject: str
    body: str
    locale: str
    sender: str = ""


def text_of(message: Message, case: Verification, link: str) -> Text:
    """The message in the applicant's language, or the nearest one that there are templates for."""
    name = _name(message, case)
    for locale in _locales(case.applicant.locale):
        try:
            template = select_template([f"messages/{locale}/{name}"])
        except TemplateDoesNotExist:
            continue
        with override(locale):
            rendered = template.template.render(Context(_values(case, link), autoescape=False))
        return replace(_text(rendered.strip(), message, locale), sender=_sender(case))
    raise TemplateDoesNotExist(name)


def _name(message: Message, case: Verification) -> str:
    kind = f"result_{case.status}" if message.kind == MessageKind.RESULT else message.kind
    return f"{kind}.sms.txt" if message.channel == Channel.SMS else f"{kind}.txt"


def _locales(wanted: str) -> list[str]:
    """The language as it is, without its region, and the portal's own."""
    locale = wanted.lower().replace("_", "-")
    asked = [locale, locale.partition("-")[0]] if _LOCALE.fullmatch(locale) else []
    return list(dict.fromkeys([*asked, settings.LANGUAGE_CODE]))


def _values(case: Verification, link: str) -> dict[str, Any]:
    return {
        "name": _one_line(case.applicant.name),
        "organisation": organisation.of(case),
        "link": link,
        "until": case.link_expires_at,
    }


def _sender(case: Verification) -> str:
    return case.client.brand.name if case.client and case.client.brand else ""


def _text(rendered: str, message: Message, locale: str) -> Text:
    """The first line of an e-mail's template is its subject."""
    if message.channel == Channel.SMS:
        return Text("", _one_line(rendered), locale)
    subject, _, body = rendered.partition("\n")
    return Text(_one_line(subject)[:MAX_SUBJECT], f"{body.strip()}\n", locale)


def _one_line(text: str) -> str:
    return " ".join(text.split())
