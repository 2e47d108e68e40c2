"""Objects in S3 or a store with its protocol: time limits are short, and errors are OSErrors.

It does not know what an object holds. Objects have no public address and no access list of their own: the bucket's
policy says who may reach them, and they are encrypted.
"""

import os
import shutil
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from typing import Any, Final

from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import ClientError
from django.core.files.base import File
from storages.backends.s3 import S3Storage
from storages.utils import clean_name

from verification.storage.errors import Unavailable

# Up to this size an object stays in memory; a larger one, such as an export, goes to a temporary file.
IN_MEMORY: Final = 64 * 1024 * 1024
# An unreachable store fails within 5 s, a silent one within 12 s; then the work waits in the queue.
CONNECT_SECONDS: Final = 2
SILENT_SECONDS: Final = 5
ATTEMPTS: Final = 2
# As many as a worker has threads: a thread beyond them would open a new connection for each request.
CONNECTIONS: Final = 64

# Held while a client is made, and across a fork, so that the child never gets it locked.
_making = threading.Lock()
os.register_at_fork(before=_making.acquire, after_in_parent=_making.release, after_in_child=_making.release)


class ObjectStorage(S3Storage):  # type: ignore[misc]
    """A bucket, or a prefix of it; the options are those of django-storages that `env.objects` accepts."""

    def __init__(
        self,
        *,
        addressing_style: str | None = None,
        signature_version: str | None = None,
        request_checksum_calculation: str | None = None,
        **place_and_keys: Any,
    ) -> None:
        config = Config(
            connect_timeout=CONNECT_SECONDS,
            read_timeout=SILENT_SECONDS,
            retries={"total_max_attempts": ATTEMPTS, "mode": "standard"},
            max_pool_connections=CONNECTIONS,
            s3={"addressing_style": addressing_style},
            signature_version=signature_version,
            request_checksum_calculation=request_checksum_calculation,
        )
        super().__init__(
            client_config=config,
            transfer_config=TransferConfig(use_threads=False),
            default_acl=None,
            object_parameters={},
            gzip=False,
            **place_and_keys,
        )
        self._client: Any = None
        self._client_of = 0

    @property
    def client(self) -> Any:
        """One client for all threads of the process, because each costs 15 MB. A forked child makes its own.

        The base class makes a session and a resource for each thread; so nothing here uses its `connection`.
        """
        with _making:
            if self._client is None or self._client_of != os.getpid():
                self._client = self._create_session().client(
                    "s3",
                    region_name=self.region_name,
                    endpoint_url=self.endpoint_url,
                    config=self.client_config,
                )
                self._client_of = os.getpid()
            return self._client

    def url(self, *args: Any, **kwargs: Any) -> str:
        raise NotImplementedError("Evidence has no address.")

    def _open(self, name: str, mode: str = "rb") -> "File[bytes]":
        """The whole object in one request; its size and each part would cost a request of their own."""
        with ExitStack() as stack, _known_errors():
            file = stack.enter_context(tempfile.SpooledTemporaryFile(IN_MEMORY))
            answer = self.client.get_object(Bucket=self.bucket_name, Key=self._key(name))
            with closing(answer["Body"]) as body:
                shutil.copyfileobj(body, file, 1024 * 1024)
            file.seek(0)
            stack.pop_all()
        return File(file, name)

    def _save(self, name: str, content: "File[Any]") -> str:
        """Spool the content first, because a failed try is repeated from the start."""
        with tempfile.SpooledTemporaryFile(IN_MEMORY) as file, _known_errors():
            for chunk in content.chunks():
                file.write(chunk)
            file.seek(0)
            self.client.upload_fileobj(
                file,
                self.bucket_name,
                self._key(name),
                ExtraArgs={"ContentType": self.default_content_type},
                Config=self.transfer_config,
            )
        return name

    def delete(self, name: str) -> None:
        with _known_errors():
            self.client.delete_object(Bucket=self.bucket_name, Key=self._key(name))

    def exists(self, name: str) -> bool:
        try:
            with _known_errors():
                self.client.head_object(Bucket=self.bucket_name, Key=self._key(name))
        except FileNotFoundError:
            return False
        return True

    def listdir(self, name: str) -> tuple[list[str], list[str]]:
        """The names of the objects in a folder; folders have no subfolders."""
        folder = f"{self._key(name)}/"
        with _known_errors():
            pages = self.client.get_paginator("list_objects").paginate(
                Bucket=self.bucket_name, Delimiter="/", Prefix=folder
            )
            return [], [
                entry["Key"].removeprefix(folder) for page in pages for entry in page.get("Contents", ())
            ]

    def _key(self, name: str) -> str:
        return str(self._normalize_name(clean_name(name)))


@contextmanager
def _known_errors() -> Iterator[None]:
    """Translate the errors of boto3, botocore and the HTTP library, which have different ones for the same fault."""
    try:
        yield
    except ClientError as error:
        code = error.response["Error"]["Code"]
        # A missing bucket answers 404 too, which proves nothing about the object.
        # An answer to HEAD has no body, so its code is 404.
        if code in {"NoSuchKey", "404"}:
            raise FileNotFoundError("There is no such object.") from error
        raise Unavailable(code) from error
    except OSError:
        raise
    except Exception as error:
        raise Unavailable(type(error).__name__) from error
