"""Objects in S3 or a store with its protocol: time limits are short, and errors are OSErrors.

Its way there is `outbound.route`. Of the variables and files of AWS's own tools only the keys count, and these only if
the settings name none. It does not know what an object holds. Objects have no public address and no access list of
their own: the bucket's policy says who may reach them, and they are encrypted.
"""

import os
import shutil
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from typing import Any, Final

import boto3
import botocore.session
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import ClientError, ProxyConnectionError
from botocore.httpsession import get_cert_path
from django.core.files.base import File
from storages.backends.s3 import S3Storage
from storages.utils import clean_name

from verification.outbound import Route, route
from verification.secret_files import SecretFiles
from verification.storage.errors import Unavailable

# Up to this size an object stays in memory; a larger one, such as an export, goes to a temporary file.
IN_MEMORY: Final = 64 * 1024 * 1024
# An unreachable store fails within 5 s, a silent one within 12 s; then the work waits in the queue.
CONNECT_SECONDS: Final = 2
SILENT_SECONDS: Final = 5
ATTEMPTS: Final = 2
# As many as a worker has threads: a thread beyond them would open a new connection for each request.
CONNECTIONS: Final = 64

KEYS: Final = ("access_key", "secret_key", "security_token")

# Held while a client is made, and across a fork, so that the child never gets it locked.
_making = threading.Lock()
os.register_at_fork(before=_making.acquire, after_in_parent=_making.release, after_in_child=_making.release)


class ObjectStorage(S3Storage):  # type: ignore[misc]
    """A bucket, or a prefix of it; the options are those of django-storages that `env.objects` accepts.

    `key_files` are the files of the keys that come from one, by option; they are read again for each request.
    """

    def __init__(
        self,
        *,
        addressing_style: str | None = None,
        signature_version: str | None = None,
        request_checksum_calculation: str | None = None,
        key_files: dict[str, str] | None = None,
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
        keys = {name: place_and_keys.get(name) or "" for name in KEYS}
        self._keys = SecretFiles(keys, key_files or {})
        self._client: Any = None
        self._client_of: tuple[object, ...] = ()

    @property
    def client(self) -> Any:
        """One client for all threads of the process, because each costs 15 MB.

        A forked child makes its own, and new keys or a new way out make a new one. The base class makes a session and
        a resource for each thread; so nothing here uses its `connection`.
        """
        with _making:
            keys, way = self._keys.current(), route()
            client_of = (os.getpid(), way, *(keys[name] or None for name in KEYS))
            if self._client_of != client_of:
                self._client, self._client_of = self._new_client(way, *client_of[2:]), client_of
            return self._client

    def _new_client(self, way: Route, *keys: Any) -> Any:
        session = _session(way, aws_chain=not any(keys))
        return boto3.Session(*keys, botocore_session=session).client(
            "s3",
            region_name=self.region_name,
            endpoint_url=self.endpoint_url,
            config=self.client_config,
        )

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
        """The names of the folders and of the objects in a folder."""
        folder = f"{self._key(name)}/"
        folders: list[str] = []
        objects: list[str] = []
        with _known_errors():
            paginator = self.client.get_paginator("list_objects")
            for page in paginator.paginate(Bucket=self.bucket_name, Delimiter="/", Prefix=folder):
                folders += [each["Prefix"][len(folder) : -1] for each in page.get("CommonPrefixes", ())]
                objects += [each["Key"][len(folder) :] for each in page.get("Contents", ())]
        return folders, objects

    def beginning(self, name: str, most: int) -> bytes:
        """The first bytes of an object that anybody may have put there, however large it is."""
        with _known_errors():
            answer = self.client.get_object(Bucket=self.bucket_name, Key=self._key(name))
            with closing(answer["Body"]) as body:
                return bytes(body.read(most))

    def is_locked(self, name: str) -> bool:
        """Whether nobody can delete the object until some day, as far as these keys may know."""
        with _known_errors():
            answer = self.client.head_object(Bucket=self.bucket_name, Key=self._key(name))
        return "ObjectLockRetainUntilDate" in answer or answer.get("ObjectLockLegalHoldStatus") == "ON"

    def _key(self, name: str) -> str:
        return str(self._normalize_name(clean_name(name)))


def _session(way: Route, *, aws_chain: bool) -> botocore.session.Session:
    """A session of which every client takes this way, those included that fetch keys for the machine's role.

    What is set here is not looked for in AWS_CA_BUNDLE, HTTPS_PROXY, AWS_ENDPOINT_URL_S3 and their like. Without
    `aws_chain` the profiles and files of AWS's tools are left alone too. A store without TLS is reached directly: a
    proxy could read the requests, and pass them on later.
    """
    authorities = way.ca_file or get_cert_path(True)
    session = botocore.session.get_session(None if aws_chain else _NO_PROFILE)
    session.set_config_variable("ca_bundle", authorities)
    session.set_default_client_config(
        Config(
            proxies={"https": way.proxy} if way.proxy else {},
            proxies_config={"proxy_ca_bundle": authorities},
            ignore_configured_endpoint_urls=True,
        )
    )
    return session


# As botocore has its variables: name in a file, in the environment, default, converter.
_NO_PROFILE = {
    "profile": (None, None, None, None),
    "config_file": (None, None, os.devnull, None),
    "credentials_file": (None, None, os.devnull, None),
}


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
    except ProxyConnectionError as error:
        # Not chained: the library's message quotes the proxy's address.
        raise Unavailable(type(error).__name__) from None
    except Exception as error:
        raise Unavailable(type(error).__name__) from error
