"""Django system checks: an installation that would be unsafe does not start.

Web server, worker and beat run them by `kyc_portal.startup`, and Django runs them before a command.
"""

from verification.checks import (
    addresses,
    anchors,
    contact,
    dossier,
    evidence,
    machine,
    messages,
    mode,
    organisation,
    outbound,
    policy,
    secrets,
    services,
    vendor,
)

__all__ = [
    "addresses",
    "anchors",
    "contact",
    "dossier",
    "evidence",
    "machine",
    "messages",
    "mode",
    "organisation",
    "outbound",
    "policy",
    "secrets",
    "services",
    "vendor",
]
