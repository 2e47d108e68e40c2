"""The places outside to which the trail's checkpoints go."""

from typing import Any, Final
from urllib.parse import unquote

from kyc_portal.env.addresses import place, port_of, split
from kyc_portal.env.problems import noted, wrong
from kyc_portal.env.readers import words
from kyc_portal.env.values import known, shown

KEYS: Final = (
    "KYC_TRAIL_ANCHOR_ACCESS_KEY_ID",
    "KYC_TRAIL_ANCHOR_SECRET_ACCESS_KEY",
    "KYC_TRAIL_ANCHOR_SESSION_TOKEN",
)
MAX_ADDRESS: Final = 500  # characters, as the database has them
_SCHEMES: Final = {"file": "folder", "s3": "bucket", "mailto": "mail"}
_WEB: Final = {"tsa+http": "authority", "tsa+https": "authority", "witness+https": "witness"}
_SHAPE: Final = (
    "Write file:///folder, s3://bucket/prefix, mailto:name@host, tsa+https://host/path or "
    "witness+https://host/path#key."
)


@noted(list[dict[str, Any]]())
def anchors(name: str) -> list[dict[str, Any]]:
    """Each with its `address`, its `kind` and what that kind needs."""
    known.update(f"{key}{suffix}" for key in KEYS for suffix in ("", "_FILE"))
    return [_anchor(name, address) for address in words(name)]


def _anchor(name: str, address: str) -> dict[str, Any]:
    parts = split(name, address)
    if len(address) > MAX_ADDRESS or parts.scheme not in {*_SCHEMES, *_WEB}:
        raise wrong(name, f"has {shown(address)}. {_SHAPE}")
    if parts.scheme in {"file", "s3"}:
        objects = place(name, address, KEYS)
        return {"address": address, "kind": _SCHEMES[parts.scheme], "objects": objects}
    if parts.scheme == "mailto":
        if parts.netloc or parts.query or parts.fragment or not parts.path:
            raise wrong(name, f"has {shown(address)}. Write mailto:name@host.")
        return {"address": address, "kind": "mail", "to": unquote(parts.path)}
    port_of(name, parts)
    # The address is shown to operators and may stand in the trail, so it has no room for a secret.
    if not parts.hostname or "@" in parts.netloc or parts.query:
        raise wrong(name, f"has {shown(address)}. {_SHAPE}")
    url, _, key = address.partition("+")[2].partition("#")
    return {"address": address, "kind": _WEB[parts.scheme], "url": url, "key": key}
