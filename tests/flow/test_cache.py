"""The cache in the database: whoever can write to its table runs nothing and plants nothing."""

import base64
import pickle
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.contrib.sessions.serializers import JSONSerializer
from django.core.cache import cache
from django.db import connection
from django.utils.module_loading import import_string

from tests.conftest import NOW

pytestmark = pytest.mark.django_db


def write(key: str, value: bytes) -> None:
    """Directly in the table, as an intruder would."""
    with connection.cursor() as cursor:
        stored = base64.b64encode(value).decode()
        cursor.execute("UPDATE portal_cache SET value = %s WHERE cache_key = %s", [stored, f":1:{key}"])
        assert cursor.rowcount == 1


class Planted:
    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> Any:
        return Path.touch, (self.trace,)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_planted_pickle_is_never_run(tmp_path: Path, protocol: int) -> None:
    trace = tmp_path / "trace"
    cache.set("key", 1)
    write("key", pickle.dumps(Planted(trace), protocol))
    assert cache.get("key", "nothing") == "nothing"
    assert cache.get_many(["key"]) == {}
    assert cache.add("other", True)
    assert not trace.exists()


@pytest.mark.parametrize("value", [b"", b"V", b"Vx\np0\n.", b"V\xff\np0\n.", b"\x80\x04N.", b"null"])
def test_what_nobody_signed_is_not_there(value: bytes) -> None:
    cache.set("key", 1)
    write("key", value)
    assert cache.get("key") is None
    cache.set("key", 2)
    assert cache.get("key") == 2


def test_a_value_is_good_for_its_own_key_alone() -> None:
    cache.set("guesses:mallory", 0)
    cache.set("guesses:alice", 20)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE portal_cache SET value = (SELECT value FROM portal_cache WHERE cache_key = %s) "
            "WHERE cache_key = %s",
            [":1:guesses:mallory", ":1:guesses:alice"],
        )
    assert cache.get("guesses:alice", "gone") == "gone"


@pytest.mark.parametrize(
    "value", [None, True, 0, 1.5, "é\n\\u00e9\\", [1764406800.5, 2], {"a": [None]}, "x" * 100_000]
)
def test_what_is_kept_comes_back(value: Any) -> None:
    cache.set("key", value)
    assert cache.get("key", "nothing") == value
    assert cache.get_many(["key", "no"]) == {"key": value}


def test_an_entry_is_added_once_until_it_ends() -> None:
    with time_machine.travel(NOW, tick=False):
        assert cache.add("code", True, 30)
        assert not cache.add("code", True, 30)
    with time_machine.travel(NOW + timedelta(seconds=29), tick=False):
        assert cache.get("code") is True
        assert not cache.add("code", True, 30)
    with time_machine.travel(NOW + timedelta(seconds=31), tick=False):
        assert cache.get("code") is None
        assert cache.add("code", True, 30)


def test_counting_touching_and_deleting_work() -> None:
    cache.set("count", 1)
    assert cache.incr("count") == 2
    assert cache.touch("count", 60)
    assert cache.get("count") == 2
    assert cache.delete("count")
    assert cache.get("count") is None


def test_what_json_cannot_hold_is_refused() -> None:
    with pytest.raises(TypeError):
        cache.set("key", object())


def test_sessions_are_json_too() -> None:
    assert import_string(settings.SESSION_SERIALIZER) is JSONSerializer
