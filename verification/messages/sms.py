"""The organisation's own function that sends text messages: docs/messages.md describes it."""

from collections.abc import Callable

import structlog
from django.conf import settings
from django.utils.module_loading import import_string

from verification.messages.errors import NotTaken, Refused

log = structlog.get_logger(__name__)


def is_set_up() -> bool:
    return bool(settings.SMS_SENDER)


def function_at(path: str) -> Callable[..., None]:
    """The function of that name. Raises ImportError, or TypeError if it is none."""
    found = import_string(path)
    if not callable(found):
        raise TypeError(path)
    return found  # type: ignore[no-any-return]


def send(*, reference: str, client: str, text: str, message_id: str) -> None:
    """Raises Refused as the function does, and NotTaken for everything else that it raises."""
    found: Exception
    try:
        function_at(settings.SMS_SENDER)(reference=reference, client=client, text=text, message_id=message_id)
        return
    except Refused:
        found = Refused("sms_refused")
    except Exception as error:  # it is not our code: whatever it raises must not end the worker
        log.warning("messages.sms_not_taken", message=message_id, error=type(error).__name__)
        found = NotTaken("sms_not_taken")
    raise found from None
