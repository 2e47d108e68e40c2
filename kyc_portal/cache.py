"""The cache in the database, with values as signed JSON.

Django's own keeps pickles: whoever can write to its table could run code in every process that reads it. Here a value
is signed with SECRET_KEY for its own key, and what was written by anybody else is not there.
"""

import base64
from collections.abc import Iterable
from typing import Any

from django.core import signing
from django.core.cache.backends.db import DatabaseCache
from django.db import connections, router
from django.utils import timezone


class SignedCache(DatabaseCache):
    """Django's DatabaseCache that never unpickles. Values are what JSON can hold; tuples come back as lists."""

    # The first protocol writes a text as it is, between these bytes: so it can be read without an unpickler.
    pickle_protocol = 0
    _BEFORE, _AFTER = b"V", b"\np0\n."

    def _base_set(self, mode: str, key: str, value: Any, timeout: Any = None) -> bool:
        return bool(super()._base_set(mode, key, signing.dumps(value, salt=_salt(key)), timeout))  # type: ignore[misc]

    def get_many(self, keys: Iterable[Any], version: int | None = None) -> dict[Any, Any]:
        asked = {self.make_and_validate_key(key, version=version): key for key in keys}
        read = {key: self._read(key, stored) for key, stored in self._rows(list(asked))}
        return {asked[key]: found[0] for key, found in read.items() if found}

    def _rows(self, keys: list[str]) -> list[tuple[str, str]]:
        """The entries of these keys that have not expired."""
        if not keys:
            return []
        connection = connections[router.db_for_read(self.cache_model_class)]
        table = connection.ops.quote_name(self._table)  # type: ignore[attr-defined]
        now = connection.ops.adapt_datetimefield_value(timezone.now().replace(microsecond=0))
        marks = ", ".join(["%s"] * len(keys))
        sql = f"SELECT cache_key, value FROM {table} WHERE expires >= %s AND cache_key IN ({marks})"  # noqa: S608
        with connection.cursor() as cursor:
            cursor.execute(sql, [now, *keys])
            return list(cursor.fetchall())

    def _read(self, key: str, stored: str) -> tuple[Any] | None:
        """The value in a tuple of one, or None if it is not ours."""
        try:
            written = base64.b64decode(stored, validate=True)
            text = written.removeprefix(self._BEFORE).removesuffix(self._AFTER).decode("ascii")
            return (signing.loads(text, salt=_salt(key)),)
        except (ValueError, signing.BadSignature):
            return None


def _salt(key: str) -> str:
    """A value that is copied to another key is not there either."""
    return f"kyc_portal.cache:{key}"
