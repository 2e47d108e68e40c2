"""The portal's other processes: they share database and evidence with the scenario."""

import os
from pathlib import Path

from tests.services import Emulator, Redis, environment


def around(broker: Redis, vendor: Emulator, **more: str) -> dict[str, str]:
    """The environment of the portal's processes, with this broker and vendor."""
    database, data, temporary = (os.environ[name] for name in ("DATABASE_URL", "KYC_DATA_DIR", "TMPDIR"))
    return environment(database, broker.url, vendor.url, Path(data), TMPDIR=temporary, **more)
