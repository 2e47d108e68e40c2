"""Objects in S3 behave as on a disk; an unreachable store says nothing about whether an object exists."""

import io
import multiprocessing
import os
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
from django.core.files.base import File
from django.core.files.storage import storages

from kyc_portal import env
from tests import s3
from tests.conftest import NOW, photo
from verification import storage
from verification.crypto.frames import FRAME, HEADER
from verification.models import DataKey
from verification.storage.s3 import ATTEMPTS, CONNECT_SECONDS, SILENT_SECONDS, ObjectStorage

pytestmark = pytest.mark.django_db

CONTENT = os.urandom(2 * FRAME + 1000)
PREFIX = "portal/one"
Use = Callable[..., None]


@pytest.fixture(scope="module")
def server() -> Iterator[s3.S3]:
    with s3.running() as server:
        yield server


@pytest.fixture
def use(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Use:
    """Stores evidence at this STORAGE_URL."""
    monkeypatch.setenv("STORAGE_ACCESS_KEY_ID", s3.KEYS["aws_access_key_id"])
    monkeypatch.setenv("STORAGE_SECRET_ACCESS_KEY", s3.KEYS["aws_secret_access_key"])

    def use(endpoint: str, *, bucket: str = s3.BUCKET) -> None:
        query = f"endpoint_url={endpoint}&region_name={s3.REGION}&addressing_style=path"
        monkeypatch.setenv("STORAGE_URL", f"s3://{bucket}/{PREFIX}?{query}")
        beneath = env.objects("STORAGE_URL", settings.DATA_DIR)
        evidence = {**settings.STORAGES["evidence"], "OPTIONS": {"objects": beneath}}
        settings.STORAGES = {**settings.STORAGES, "evidence": evidence}

    return use


@pytest.fixture
def bucket(server: s3.S3, use: Use) -> s3.S3:
    use(server.url)
    server.requests.clear()
    return server


@pytest.fixture
def key() -> DataKey:
    return storage.new_key()


@pytest.mark.parametrize("size", [0, 1, FRAME, len(CONTENT)])
def test_what_was_stored_is_read_again(bucket: s3.S3, key: DataKey, size: int) -> None:
    stored = storage.store(key, "photo", CONTENT[:size])
    assert storage.read(stored.name, sha256=stored.sha256) == CONTENT[:size]


def test_a_large_file_goes_up_in_parts(bucket: s3.S3, key: DataKey) -> None:
    content = os.urandom(9 * 1024 * 1024)
    stored = storage.store_file(key, "export", io.BytesIO(content))
    assert sum("partNumber" in request.query for request in bucket.requests) == 2
    with storage.open_checked(stored.name, sha256=stored.sha256) as file:
        assert file.read() == content


def test_any_part_can_be_read(bucket: s3.S3, key: DataKey) -> None:
    stored = storage.store(key, "video", CONTENT)
    with storage.open_unchecked(stored.name) as file:
        file.seek(FRAME - 10)
        assert file.read(500) == CONTENT[FRAME - 10 :][:500]


def test_an_object_costs_one_request_to_write_and_one_to_read(bucket: s3.S3, key: DataKey) -> None:
    stored = storage.store(key, "photo", CONTENT)
    storage.read(stored.name, sha256=stored.sha256)
    assert [request.method for request in bucket.requests] == ["PUT", "GET"]


def test_only_what_is_encrypted_goes_over_the_wire(bucket: s3.S3, key: DataKey) -> None:
    content = photo()
    stored = storage.store(key, "photo", content)
    storage.read(stored.name, sha256=stored.sha256)
    sent = b"".join(request.body for request in bucket.requests)
    assert len(sent) > len(content)
    assert bucket.raw(f"{PREFIX}/{stored.name}") in sent
    assert content[:12] not in sent
    assert not any(content[start : start + 8] in sent for start in range(0, len(content) - 8, 997))


def test_nobody_is_let_in_by_an_access_list_or_an_address(bucket: s3.S3, key: DataKey) -> None:
    stored = storage.store(key, "photo", CONTENT)
    storage.read(stored.name, sha256=stored.sha256)
    assert not any("x_amz_acl" in request.headers for request in bucket.requests)
    assert all("authorization" in request.headers for request in bucket.requests)
    assert not any("X-Amz-" in request.query for request in bucket.requests)
    acl = bucket.client().get_object_acl(Bucket=s3.BUCKET, Key=f"{PREFIX}/{stored.name}")
    assert [grant["Grantee"]["Type"] for grant in acl["Grants"]] == ["CanonicalUser"]
    with pytest.raises(NotImplementedError):
        storages["evidence"].url(stored.name)
    with pytest.raises(NotImplementedError):
        beneath().url(stored.name)


def beneath() -> ObjectStorage:
    return storages["evidence"]._objects  # type: ignore[attr-defined]


def test_a_changed_object_is_not_read(bucket: s3.S3, key: DataKey) -> None:
    stored = storage.store(key, "photo", CONTENT)
    name = f"{PREFIX}/{stored.name}"
    changed = bytearray(bucket.raw(name))
    changed[HEADER] ^= 1
    bucket.put(name, bytes(changed))
    with pytest.raises(storage.IntegrityError):
        storage.read(stored.name, sha256=stored.sha256)


def test_a_missing_object_is_no_longer_what_was_stored(bucket: s3.S3, key: DataKey) -> None:
    stored = storage.store(key, "photo", CONTENT)
    storage.delete(stored.name)
    storage.delete(stored.name)  # which is no error
    assert not storages["evidence"].exists(stored.name)
    with pytest.raises(storage.IntegrityError):
        storage.read(stored.name, sha256=stored.sha256)


def test_copies_lists_all_of_an_owner_and_nothing_else(bucket: s3.S3, key: DataKey) -> None:
    names = [storage.store(key, kind, b"x").name for kind in ("photo", "video", "frame")]
    storage.store(storage.new_key(), "photo", b"x")
    assert storage.copies(key) == sorted(names)
    assert storage.copies(storage.new_key()) == []


def test_more_copies_than_a_page_holds_are_all_listed(bucket: s3.S3, key: DataKey) -> None:
    for number in range(1001):
        bucket.put(f"{PREFIX}/{key.public_id}/part-{number}.bin", b"")
    assert len(storage.copies(key)) == 1001


def test_erasing_takes_the_key_and_every_object(bucket: s3.S3, key: DataKey) -> None:
    stored = [storage.store(key, "photo", CONTENT) for _ in range(3)]
    other = storage.store(storage.new_key(), "photo", CONTENT)
    taken = bucket.raw(f"{PREFIX}/{stored[0].name}")
    assert storage.erase(key, now=NOW) == 3
    assert storage.copies(key) == []
    # An object restored from a backup of the bucket can't be decrypted.
    bucket.put(f"{PREFIX}/{stored[0].name}", taken)
    with pytest.raises(storage.KeyDestroyed):
        storage.read(stored[0].name, sha256=stored[0].sha256)
    assert storage.read(other.name, sha256=other.sha256) == CONTENT


def every_use_of(name: str, key: DataKey) -> dict[str, Callable[[], object]]:
    return {
        "store": lambda: storage.store(key, "photo", CONTENT),
        "read": lambda: storage.read(name, sha256="0" * 64),
        "open": lambda: storage.open_unchecked(name),
        "delete": lambda: storage.delete(name),
        "copies": lambda: storage.copies(key),
        "exists": lambda: storages["evidence"].exists(name),
    }


def unavailable(key: DataKey) -> list[str]:
    """The operations that report the store as unavailable."""
    found = []
    for use, attempt in every_use_of(f"{key.public_id}/photo-1.bin", key).items():
        with pytest.raises(storage.Unavailable) as refused:
            attempt()
        found.append(use)
        assert s3.KEYS["aws_secret_access_key"] not in str(refused.value)
    return found


ALL = ["store", "read", "open", "delete", "copies", "exists"]


def test_a_store_that_is_gone_is_unavailable(use: Use, key: DataKey) -> None:
    use("http://127.0.0.1:9")
    assert unavailable(key) == ALL


def test_a_bucket_that_is_gone_says_nothing_about_an_object(server: s3.S3, use: Use, key: DataKey) -> None:
    use(server.url, bucket="another-bucket")
    for name, attempt in every_use_of(f"{key.public_id}/photo-1.bin", key).items():
        if name not in {"delete", "exists"}:
            with pytest.raises(storage.Unavailable):
                attempt()


@pytest.mark.parametrize(
    "answer", [b"HTTP/1.1 403 Forbidden", b"HTTP/1.1 503 Slow Down", b"HTTP/1.1 500 Oh", b"hm"]
)
def test_a_store_that_refuses_or_fails_is_unavailable(use: Use, key: DataKey, answer: bytes) -> None:
    with answering(answer + b"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n") as url:
        use(url)
        assert unavailable(key) == ALL


def test_an_answer_that_breaks_off_is_unavailable(use: Use, key: DataKey) -> None:
    with answering(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\nConnection: close\r\n\r\nhalf") as url:
        use(url)
        with pytest.raises(storage.Unavailable):
            storage.read(f"{key.public_id}/photo-1.bin", sha256="0" * 64)


def test_a_silent_store_is_unavailable(use: Use, key: DataKey, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("verification.storage.s3.SILENT_SECONDS", 0.2)
    with answering(b"") as url:
        use(url)
        with pytest.raises(storage.Unavailable):
            storage.store(key, "photo", CONTENT)
        with pytest.raises(storage.Unavailable):
            storage.read(f"{key.public_id}/photo-1.bin", sha256="0" * 64)


def test_nobody_waits_long_for_a_store(bucket: s3.S3) -> None:
    config = beneath().client_config
    assert (config.connect_timeout, config.read_timeout) == (CONNECT_SECONDS, SILENT_SECONDS)
    assert config.retries == {"total_max_attempts": ATTEMPTS, "mode": "standard"}
    assert ATTEMPTS * (CONNECT_SECONDS + SILENT_SECONDS) <= 15


def test_the_threads_of_a_process_share_one_client(bucket: s3.S3) -> None:
    """Each client costs 15 MB, and a worker has 64 threads."""
    together, place = threading.Barrier(16), beneath()

    def client(_: int) -> Any:
        together.wait()
        return place.client

    with ThreadPoolExecutor(16) as threads:
        assert len(set(map(id, threads.map(client, range(16))))) == 1


def test_threads_at_once_each_get_their_own_object(bucket: s3.S3, key: DataKey) -> None:
    """The test stores encrypted bytes: encrypting reads a key from the database, which the threads do not share."""
    place, contents = beneath(), [os.urandom(FRAME) for _ in range(16)]

    def there_and_back(number: int) -> bytes:
        name = f"{key.public_id}/photo-{number}.bin"
        place.save(name, File(io.BytesIO(contents[number])))
        with place.open(name) as file:
            return file.read()

    with ThreadPoolExecutor(16) as threads:
        assert list(threads.map(there_and_back, range(16))) == contents


def test_a_forked_child_makes_a_client_of_its_own(bucket: s3.S3, key: DataKey) -> None:
    """On a shared connection one process could read the other's responses."""
    place = beneath()
    place.save(f"{key.public_id}/photo-1.bin", File(io.BytesIO(b"x")))
    inherited, fork = place.client, multiprocessing.get_context("fork")
    results: Any = fork.SimpleQueue()

    def work() -> None:
        results.put((place.client is inherited, place.exists(f"{key.public_id}/photo-1.bin")))

    child = fork.Process(target=work)
    child.start()
    child.join(30)
    assert child.exitcode == 0
    assert results.get() == (False, True)
    assert place.client is inherited


@contextmanager
def answering(answer: bytes) -> Iterator[str]:
    """A server that sends these bytes to every client, or nothing if they are empty."""
    held: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                held.append(connection)
                if answer:
                    connection.recv(65536)
                    connection.sendall(answer)
                    connection.shutdown(socket.SHUT_WR)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()
            for connection in held:
                connection.close()
