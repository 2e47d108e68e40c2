"""Objects in S3, or in whatever speaks its protocol: nobody waits long for it, and its errors are OSErrors.

Must not know what an object holds. Objects have no address and no access list of their own: who may reach the bucket
is the bucket's business, and what lies in it is encrypted.
"""

import shutil
import tempfile
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

# An object of usual size stays in memory, an export may wait on a disk.
IN_MEMORY: Final = 64 * 1024 * 1024
# A store that is gone is known to be within 5 s, one that is silent within 12 s: work waits for it in the queue.
CONNECT_SECONDS: Final = 2
SILENT_SECONDS: Final = 5
ATTEMPTS: Final = 2


class ObjectStorage(S3Storage):  # type: ignore[misc]
    """A bucket, or all below a prefix of it; the options are those of django-storages that `env.objects` lets in."""

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

    @property
    def bucket(self) -> Any:
        """boto3's objects belong to one thread; the one of the base class would be everybody's."""
        return self.connection.Bucket(self.bucket_name)

    def url(self, *args: Any, **kwargs: Any) -> str:
        raise NotImplementedError("Evidence has no address.")

    def _open(self, name: str, mode: str = "rb") -> "File[bytes]":
        """The whole object: it costs one request, whereas asking for its size and its parts costs one for each."""
        key = self._normalize_name(clean_name(name))
        with ExitStack() as stack, _known_errors():
            file = stack.enter_context(tempfile.SpooledTemporaryFile(IN_MEMORY))
            answer = self.connection.meta.client.get_object(Bucket=self.bucket_name, Key=key)
            with closing(answer["Body"]) as body:
                shutil.copyfileobj(body, file, 1024 * 1024)
            file.seek(0)
            stack.pop_all()
        return File(file, name)

    def _save(self, name: str, content: "File[Any]") -> str:
        """Put aside first, since a try that fails is repeated from the start."""
        with tempfile.SpooledTemporaryFile(IN_MEMORY) as file, _known_errors():
            for chunk in content.chunks():
                file.write(chunk)
            return str(super()._save(name, File(file)))

    def delete(self, name: str) -> None:
        with _known_errors():
            super().delete(name)

    def exists(self, name: str) -> bool:
        with _known_errors():
            return bool(super().exists(name))

    def listdir(self, name: str) -> tuple[list[str], list[str]]:
        with _known_errors():
            folders, files = super().listdir(name)
        return folders, files


@contextmanager
def _known_errors() -> Iterator[None]:
    """Of boto3, botocore and the HTTP library beneath each has exceptions of its own for the same trouble."""
    try:
        yield
    except ClientError as error:
        code = error.response["Error"]["Code"]
        # A bucket that is not there answers 404 too, and says nothing about the object.
        if code == "NoSuchKey":
            raise FileNotFoundError("There is no such object.") from error
        raise Unavailable(code) from error
    except OSError:
        raise
    except Exception as error:
        raise Unavailable(type(error).__name__) from error
