"""Evidence is encrypted, and what it is made of can be read."""

from importlib.util import find_spec
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, register
from django.utils.module_loading import import_string

from verification.checks.report import errors
from verification.storage.encrypted import EncryptedStorage


@register()
def evidence_settings(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    backend = import_string(settings.STORAGES["evidence"]["BACKEND"])
    rules = (
        (
            settings.ACCEPT_HEIC and find_spec("pillow_heif") is None,
            "HEIC photos are accepted, but pillow-heif is missing. Install it: "
            "pip install --no-deps --require-hashes -r requirements/run.txt; or set KYC_ACCEPT_HEIC=0.",
            "kyc.E022",
        ),
        (
            not issubclass(backend, EncryptedStorage),
            'STORAGES["evidence"] is not the storage that encrypts.',
            "kyc.E024",
        ),
    )
    return errors(rules)
