"""The vendor: its regions, its addresses and our accounts. Faces go to no host but the vendor's."""

import re
from typing import Any, Final

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from verification.checks.hosts import is_bare, is_this_machine, split
from verification.checks.report import errors
from verification.liveness import REGIONS, Credentials, Misconfigured

# The host is signed, so no gateway with a name of its own could pass a call on. The vendor's other hosts are in other
# countries, or other products.
_HOSTS: Final = ("faceid.intl.tencentcloudapi.com", "faceid.{region}.tencentcloudapi.com")
# What stands in instructions in place of a value.
_PLACEHOLDER: Final = re.compile(
    r"<.*>|\[.*\]|(?i:change[-_]?(me|it)|your[-_].*|x+|secret|password|todo|placeholder)"
)


@register()
def vendor_settings(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    found = [*_regions(), *(problem for name in settings.FACEID_ACCOUNTS for problem in _account(name))]
    return found if settings.DEMO else [*found, *_endpoint(), *_fallback_addresses(), *_accounts()]


def _regions() -> list[CheckMessage]:
    named = {"KYC_FACEID_REGION": [settings.FACEID_REGION]}
    named["KYC_FACEID_FALLBACK_REGIONS"] = settings.FACEID_FALLBACK_REGIONS
    return [
        Error(f"{name} has {region!r}.", hint=f"Use {', '.join(sorted(REGIONS))}.", id="kyc.E001")
        for name, regions in named.items()
        for region in regions
        if region not in REGIONS
    ]


def _endpoint() -> list[CheckMessage]:
    address, region = settings.FACEID_ENDPOINT, settings.FACEID_REGION
    here = is_this_machine(split(address).hostname)
    rules = (
        (split(address).scheme != "https", "KYC_FACEID_ENDPOINT is not an https address.", "kyc.E011"),
        (here, "KYC_FACEID_ENDPOINT is this machine: an emulator.", "kyc.E012"),
        (
            not here and not _is_vendors(address, region),
            f"KYC_FACEID_ENDPOINT is not the vendor's host for {region}, without anything before or behind it: "
            f"https:// and {' or '.join(_hosts(region))}.",
            "kyc.E032",
        ),
    )
    return errors(rules)


def _fallback_addresses() -> list[CheckMessage]:
    """A typing error would otherwise show only when they are needed."""
    template = settings.FACEID_REGION_ENDPOINT
    addresses = {region: template.replace("{region}", region) for region in settings.FACEID_FALLBACK_REGIONS}
    unsafe = any(not _is_vendors(address, region) for region, address in addresses.items())
    message = "KYC_FACEID_REGION_ENDPOINT is not an address of the vendor with {region} in it."
    return errors(((unsafe or (bool(addresses) and "{region}" not in template), message, "kyc.E019"),))


def _is_vendors(address: str, region: str) -> bool:
    parts = split(address)
    return parts.scheme == "https" and is_bare(address) and (parts.hostname or "") in _hosts(region)


def _hosts(region: str) -> list[str]:
    return [host.format(region=region) for host in _HOSTS]


def _account(name: str) -> list[CheckMessage]:
    """Shown now rather than by the first call: a copied space or an invisible character."""
    account = settings.FACEID_ACCOUNTS[name]
    malformed = False
    try:
        if not settings.DEMO or account["secret_id"]:
            Credentials(account["secret_id"], account["secret_key"], account["token"] or None)
    except Misconfigured:
        malformed = True
    message = f"Account {name}: id, key or token has a character that none has, such as a blank."
    return errors(((malformed, message, "kyc.E031"),))


def _accounts() -> list[CheckMessage]:
    accounts = settings.FACEID_ACCOUNTS.values()
    ids = [account["secret_id"] for account in accounts]
    keys = [account["secret_key"] for account in accounts]
    rules = (
        (any("sandbox" in one for one in ids), "TENCENTCLOUD_SECRET_ID is the sandbox's.", "kyc.E018"),
        (
            len({*ids}) < len(ids),
            "Two accounts have the same TENCENTCLOUD_SECRET_ID: they are one, and its rate would be exceeded.",
            "kyc.E020",
        ),
        (
            any(map(_PLACEHOLDER.fullmatch, [*ids, *keys])) or not {*ids}.isdisjoint(keys),
            "TENCENTCLOUD_SECRET_ID or TENCENTCLOUD_SECRET_KEY is a placeholder, or both are the same.",
            "kyc.E051",
        ),
    )
    return errors(rules)
