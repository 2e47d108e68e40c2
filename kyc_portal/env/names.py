"""Names that are no setting: a typing mistake would otherwise leave the setting at its default."""

import os
import re
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Final

from kyc_portal.env.dotenv import in_file
from kyc_portal.env.problems import named, noted, of_all
from kyc_portal.env.values import known

# In the environment: nobody else has names that begin like this. Celery follows its own before any setting of ours.
_OURS: Final = ("KYC_", "CELERY_BROKER_")
# Others have such names too, so only those count that are nearly ours.
_SHARED: Final = ("TENCENTCLOUD_", "STORAGE_")
_NEAR: Final = 0.9
# Names of other programs that are nearly ours.
_NEAR_BY_CHANCE: Final = {"ALLOWED_HOST", "DATABASE_URI", "DATABASE_URLS", "SECRET_KEYS"}
# What Kubernetes sets in each pod for a Service; that of a Service called kyc begins like our settings.
_SERVICE_LINK: Final = re.compile(
    r".*(_SERVICE_(HOST|PORT)(_\w+)?|_PORT(_\d+_(TCP|UDP|SCTP)(_\w+)?)?)", re.ASCII
)
# What each of the vendor's accounts has of its own.
_OF_ACCOUNTS: Final = ("TENCENTCLOUD_", "KYC_FACEID_RATE", "KYC_FACEID_DAILY_BUDGET")
# In `.env`: what boto3 reads by itself.
_OF_OTHERS: Final = ("AWS_",)


@noted(None)
def refuse_unknown() -> None:
    """Raise BadSetting for each unknown name, after all settings were read: then every setting is known."""
    problems = {name: _words(name) for name in sorted({*_in_environment(), *_in_file()} - known)}
    if problems:
        raise of_all(problems)


def _in_environment() -> Iterable[str]:
    for name in os.environ:
        ours = name.startswith(_OURS) and not _SERVICE_LINK.fullmatch(name)
        if ours or (name not in _NEAR_BY_CHANCE and _is_missed(name)):
            yield name


def _is_missed(name: str) -> bool:
    """Whether it is nearly the name of a setting; elsewhere than among ours, one that is not set."""
    nearest = _nearest(name, _NEAR)
    return bool(nearest) and (name.startswith((*_OURS, *_SHARED)) or not os.environ.get(nearest))


def _in_file() -> Iterable[str]:
    return (name for name in in_file if not name.startswith(_OF_OTHERS))


def _words(name: str) -> str:
    return f"{named(name)} is no setting. {_instead(name)}"


def _instead(name: str) -> str:
    if (setting := name.removesuffix("_FILE")) != name and setting in known:
        return f"{setting} is no secret and can't come from a file."
    ours = sorted(setting for setting in known if setting.startswith(_OF_ACCOUNTS))
    if owner := next((setting for setting in ours if name.startswith(f"{setting}_")), ""):
        return (
            f"If it belongs to {owner} of another account, KYC_FACEID_MORE_ACCOUNTS has to list that account."
        )
    nearest = _nearest(name.upper(), 0.7)
    return f"Did you mean {nearest}?" if nearest else ".env.example lists every setting."


def _nearest(name: str, least: float) -> str:
    return next(iter(get_close_matches(name, known, n=1, cutoff=least)), "")
