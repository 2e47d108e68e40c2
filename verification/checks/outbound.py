"""How requests leave this machine: the proxy, the authorities, and that nobody writes down the keys of TLS."""

import os
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, register

from verification.checks.report import errors
from verification.liveness import is_proxy, why_not_ca_file


@register()
def outbound_settings(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    ca_file = settings.CA_FILE
    why_not = ca_file and ("is not an absolute path" if ca_file[:1] != "/" else why_not_ca_file(ca_file))
    rules = (
        (
            not is_proxy(settings.OUTBOUND_PROXY),
            "KYC_OUTBOUND_PROXY is not http://host:port or https://host:port, with user:password@ before the host if "
            "the proxy asks for them, their special characters percent-encoded.",
            "kyc.E075",
        ),
        (bool(why_not), f"KYC_CA_FILE {why_not}.", "kyc.E076"),
        (
            not settings.DEMO and bool(os.environ.get("SSLKEYLOGFILE")),
            "SSLKEYLOGFILE is set: the keys of every TLS connection would be written to a file.",
            "kyc.E077",
        ),
    )
    return errors(rules)
