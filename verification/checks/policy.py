"""`check --deploy` tells what the policy that came with the software leaves to nobody, until people have chosen one."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Warning, register
from django.db import DatabaseError

from verification.models import Policy
from verification.rules.document_check import MEANS
from verification.states import DocumentCheckFor

HINT = "One senior reviewer drafts a policy on the page Policy, another activates it: docs/policy.md."


@register(deploy=True)
def policy_is_chosen(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    if settings.DEMO or _is_chosen():
        return []
    means = MEANS[DocumentCheckFor.NEVER]
    message = (
        "Nobody has chosen the policy yet; a new installation invites nobody before. "
        f"The one that is there says: {means}"
    )
    return [Warning(message, hint=HINT, id="kyc.W049")]


def _is_chosen() -> bool:
    """Before its tables are made, and while it is away, the database knows of no choice."""
    try:
        policy = Policy.current()
    except (DatabaseError, Policy.DoesNotExist):
        return False
    return policy.is_adopted or policy.document_check != DocumentCheckFor.NEVER
