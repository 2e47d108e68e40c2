"""Hands a small JSON text to an https address that the settings name, signed if there is a secret for it."""

from verification.webhooks.sender import NotTaken, Webhook, is_address, is_secret, send

__all__ = ["NotTaken", "Webhook", "is_address", "is_secret", "send"]
