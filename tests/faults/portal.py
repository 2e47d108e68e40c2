"""The portal's other processes: they share database and evidence with the scenario."""

import os
from pathlib import Path

from tests.services import Emulator, environment


def around(broker_url: str, vendor: Emulator, **more: str) -> dict[str, str]:
    """The environment of the portal's processes, with this broker and vendor."""
    database, data, temporary = (os.environ[name] for name in ("DATABASE_URL", "KYC_DATA_DIR", "TMPDIR"))
    return environment(database, broker_url, vendor.url, Path(data), TMPDIR=temporary, **more)
