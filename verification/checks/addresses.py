"""Where the portal is reached, and which names and origins it believes."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, register

from verification.checks.hosts import is_bare, is_host, is_public_name, split
from verification.checks.report import errors, warnings


@register()
def portal_addresses(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    if settings.DEMO:
        return []
    return [*_public_url(), *_hosts(), *_origins(), *_proxy()]


def _public_url() -> list[CheckMessage]:
    host = split(settings.PUBLIC_URL).hostname
    rules = (
        (
            not settings.PUBLIC_URL.startswith("https://"),
            "KYC_PUBLIC_URL is not an https address.",
            "kyc.E013",
        ),
        (
            not (is_bare(settings.PUBLIC_URL) and is_public_name(host)),
            "KYC_PUBLIC_URL is more, or less, than https:// and a full host name in small letters.",
            "kyc.E037",
        ),
    )
    return errors(rules)


def _hosts() -> list[CheckMessage]:
    """The portal is at one host. A pattern lets others choose the host that links and redirects name."""
    patterns = [host for host in settings.ALLOWED_HOSTS if host.startswith(".") or "*" in host]
    named = [host.lower() for host in settings.ALLOWED_HOSTS if host not in patterns]
    rules = (
        (bool(patterns), f"ALLOWED_HOSTS has a pattern ({patterns}). Write each host name.", "kyc.E017"),
        (
            split(settings.PUBLIC_URL).hostname not in named,
            "ALLOWED_HOSTS does not have the host of KYC_PUBLIC_URL.",
            "kyc.E034",
        ),
        (
            not all(map(is_host, named)),
            "ALLOWED_HOSTS has more than host names, such as a scheme, a port or a path.",
            "kyc.E035",
        ),
    )
    return errors(rules)


def _origins() -> list[CheckMessage]:
    """Whoever serves a trusted origin can send the forms of our staff."""
    unsafe = [
        origin
        for origin in settings.CSRF_TRUSTED_ORIGINS
        if not (origin.startswith("https://") and is_bare(origin) and is_public_name(split(origin).hostname))
    ]
    message = f"CSRF_TRUSTED_ORIGINS has more than https:// and a full host name: {unsafe}."
    return errors(((bool(unsafe), message, "kyc.E036"),))


def _proxy() -> list[CheckMessage]:
    message = (
        "KYC_BEHIND_PROXY is 0, which is right only if the web server itself ends TLS. Behind a proxy that does, "
        "every page redirects to itself, and all clients share the proxy's rate limits."
    )
    return warnings(((not settings.BEHIND_PROXY, message, "kyc.W047"),))
