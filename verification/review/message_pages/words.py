"""What happened to a message, in words with what to do, by its code."""

from collections.abc import Mapping
from datetime import datetime

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from verification.models import Message, MessageState
from verification.review import words

_TONES: Mapping[str, str] = {
    MessageState.WAITING: "warn",
    MessageState.SENT: "good",
    MessageState.FAILED: "bad",
    MessageState.BOUNCED: "bad",
    MessageState.DROPPED: "quiet",
}
HAPPENED: Mapping[str, Promise] = {
    "address_refused": gettext_lazy("The mail server says that there is no such address."),
    "text_refused": gettext_lazy("The mail server refused the text."),
    "unfit_address": gettext_lazy("What is on record as the e-mail address is none."),
    "put_off": gettext_lazy("The mail server asked to try again later."),
    "sender_refused": gettext_lazy("The mail server does not let us send as KYC_EMAIL_FROM."),
    "sign_in_refused": gettext_lazy("The mail server refused the user or the password of KYC_EMAIL_URL."),
    "no_tls": gettext_lazy("The mail server offered no encryption that can be trusted."),
    "no_answer": gettext_lazy("The mail server did not answer in time."),
    "server_fault": gettext_lazy("The mail server answered with an error."),
    "not_reached": gettext_lazy("The mail server could not be reached."),
    "sms_refused": gettext_lazy("The organisation's SMS function refused it."),
    "sms_not_taken": gettext_lazy("The organisation's SMS function failed."),
    "link_not_kept": gettext_lazy("Its link was not kept. Make a new one and send that."),
    "key_not_there": gettext_lazy("The keyring could not open the link."),
    "template_broken": gettext_lazy("Its template has a mistake."),
    "erased": gettext_lazy("The applicant was erased before."),
    "overtaken": gettext_lazy("What it says was no longer true."),
    "link_ended": gettext_lazy("Its link had ended."),
    "not_set_up": gettext_lazy("E-mail is not set up here."),
    "no_address": gettext_lazy("The applicant can no longer be reached this way."),
    "came_back": gettext_lazy(
        "Nothing more goes to this address until this message, or a new link, is sent to it."
    ),
    "address_came_back": gettext_lazy("Held: an earlier message to this address came back."),
}


def badge(message: Message, now: datetime) -> dict[str, str]:
    """The state in words, and its `tone`. What was written ahead of its time is planned, and may never go out."""
    if message.state == MessageState.WAITING and message.due_at > now:
        return {"label": _("Planned"), "tone": "quiet"}
    return {"label": str(message.get_state_display()), "tone": _TONES[message.state]}


def happened(message: Message, now: datetime) -> str:
    """One or two sentences; "" for a message that was sent."""
    if message.state == MessageState.BOUNCED and not message.address_hash:
        return _("Since then somebody has sent to this address again.")
    said = str(HAPPENED.get(message.error, message.error.replace("_", " ")))
    if message.state != MessageState.WAITING:
        return said
    at = {"at": words.moment(message.not_before, now)}
    if message.not_before <= now:
        when = _("It goes out in a moment.")
    elif message.error:
        when = _("It is tried again at %(at)s UTC.") % at
    else:
        when = _("It goes out at %(at)s UTC if it still has to.") % at
    return f"{said} {when}".strip()
