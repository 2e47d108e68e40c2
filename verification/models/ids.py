"""Public ids: random, never sequential, and never a secret by themselves."""

import base64
import secrets


def new_id(prefix: str) -> str:
    """`prefix` and 24 lower-case letters and digits (120 random bits)."""
    return f"{prefix}_{base64.b32encode(secrets.token_bytes(15)).decode().lower()}"
