"""Hands a small text to an address that the settings name: a webhook's JSON, signed if there is a secret, or other."""

from verification.webhooks.posting import Answer, NotTaken, post
from verification.webhooks.sender import Webhook, is_address, is_secret, send

__all__ = ["Answer", "NotTaken", "Webhook", "is_address", "is_secret", "post", "send"]
