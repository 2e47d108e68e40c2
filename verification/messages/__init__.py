"""Messages to applicants, by e-mail or through the organisation's own function for SMS: the outbox and its delivery.

A row is written in the transaction of what it tells (`invited`, `moved`), if the policy of the case says so, and sent
afterwards by a worker (`send_next`). Name, address and text are put together at that moment, so that what was erased or
overtaken meanwhile is not told. Each message is sent at least once; a copy has the same Message-ID.
"""

from verification.messages.delivery import SENDERS, send_next, senders_wanted
from verification.messages.errors import Refused
from verification.messages.mail import MailServer
from verification.messages.outbox import (
    ADDRESS_CAME_BACK,
    CameBack,
    NotNow,
    address_is_right,
    came_back,
    can_send_link,
    failing,
    invited,
    lacks_link,
    link_ended,
    moved,
    out_of_reach,
    send_again,
    sends_invitations,
    tells,
    why_not,
)

__all__ = [
    "ADDRESS_CAME_BACK",
    "SENDERS",
    "CameBack",
    "MailServer",
    "NotNow",
    "Refused",
    "address_is_right",
    "came_back",
    "can_send_link",
    "failing",
    "invited",
    "lacks_link",
    "link_ended",
    "moved",
    "out_of_reach",
    "send_again",
    "send_next",
    "senders_wanted",
    "sends_invitations",
    "tells",
    "why_not",
]
