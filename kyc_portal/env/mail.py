"""The address of the mail server."""

from typing import Any, Final
from urllib.parse import unquote

from kyc_portal.env.addresses import options_of, port_of, split
from kyc_portal.env.problems import noted, wrong
from kyc_portal.env.values import secret_value

# How the connection is encrypted, and the port that goes with it.
PORTS: Final = {"starttls": 587, "tls": 465, "none": 25}
_SHAPE: Final = "must be smtp://user:password@host:port, with ?tls=starttls (or tls, or none) behind it."


@noted(dict[str, Any]())
def mail(name: str, default: str) -> dict[str, Any]:
    """How e-mail leaves, as `BACKEND` and `OPTIONS` of Django's backends; empty if it is not set up.

    URLs are `smtp://user:password@host:587?tls=starttls`, or `file:///folder`, which writes every e-mail into a file.
    """
    address = secret_value(name, default)
    if not address:
        return {}
    parts = split(name, address)
    if parts.scheme == "file" and not parts.netloc and parts.path[1:] and not parts.query:
        backend = "django.core.mail.backends.filebased.EmailBackend"
        return {"BACKEND": backend, "OPTIONS": {"file_path": unquote(parts.path)}}
    if parts.scheme != "smtp" or not parts.hostname or parts.path not in {"", "/"} or parts.fragment:
        raise wrong(name, f"{_SHAPE} Percent-encode the password's special characters.")
    if bool(parts.username) != bool(parts.password):
        raise wrong(name, "has a user without a password, or a password without a user.")
    tls = options_of(name, parts.query, {"tls": tuple(PORTS)}).get("tls", "starttls")
    return {
        "BACKEND": "verification.messages.smtp.Backend",
        "OPTIONS": {
            "host": unquote(parts.hostname),
            "port": int(port_of(name, parts) or PORTS[tls]),
            "username": unquote(parts.username or ""),
            "password": unquote(parts.password or ""),
            "use_tls": tls == "starttls",
            "use_ssl": tls == "tls",
        },
    }
