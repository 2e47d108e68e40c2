"""Upload handlers: limit the size of a file, check its first bytes, and compute its SHA-256.

The file stays in memory: no unencrypted copy of a face is ever written to a disk.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from django.core.files.uploadedfile import InMemoryUploadedFile
from django.core.files.uploadhandler import FileUploadHandler
from django.http import HttpRequest, QueryDict
from django.http.multipartparser import MultiPartParser
from django.utils.datastructures import MultiValueDict

from verification.pages.uploads import file_signatures
from verification.pages.uploads.body import FormBody, Incoming, UnusableUpload


@dataclass(frozen=True)
class Kind:
    """The file that a view accepts: its largest size in bytes and its signature, each with the code of the refusal."""

    limit: int
    too_large: str
    has_signature: Callable[[bytes], bool]
    wrong_type: str


@dataclass(frozen=True)
class Received:
    """A file as it arrived, and its SHA-256 in hex, computed while it was read."""

    data: bytes
    sha256: str


class ReceivedFile(InMemoryUploadedFile):
    """A file in memory, and its SHA-256."""

    sha256 = ""


class LimitedUploadHandler(FileUploadHandler):
    """Raises UnusableUpload at the first byte over the limit, or when the first bytes are of another file type."""

    def __init__(self, request: HttpRequest, kind: Kind) -> None:
        super().__init__(request)
        self._kind = kind
        self._received = 0
        self._start()

    def _start(self) -> None:
        self._content = BytesIO()
        self._digest = hashlib.sha256()
        self._judged = False

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self._start()

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        self._received += len(raw_data)
        if self._received > self._kind.limit:
            raise UnusableUpload(self._kind.too_large)
        self._content.write(raw_data)
        self._digest.update(raw_data)
        if not self._judged and self._content.tell() >= file_signatures.ENOUGH:
            self._judged = True
            check_signature(self._content.getvalue()[: file_signatures.ENOUGH], self._kind)

    def file_complete(self, file_size: int) -> ReceivedFile:
        self._content.seek(0)
        file = ReceivedFile(
            self._content, self.field_name, self.file_name or "", self.content_type, file_size, self.charset
        )
        file.sha256 = self._digest.hexdigest()
        return file


class WholeFormHandler(FileUploadHandler):
    """Parses the form itself with a LimitedUploadHandler, so that the end of the body can be checked."""

    def __init__(self, request: HttpRequest, incoming: Incoming, kind: Kind) -> None:
        super().__init__(request)
        self._incoming = incoming
        self._kind = kind

    def handle_raw_input(
        self,
        input_data: Any,
        META: dict[str, str],
        content_length: int,
        boundary: Any,
        encoding: str | None = None,
    ) -> tuple[QueryDict, MultiValueDict[str, Any]]:
        body = FormBody(self._incoming, boundary)
        handlers = [LimitedUploadHandler(self.request, self._kind)]  # type: ignore[arg-type]
        parsed = MultiPartParser(META, body, handlers, encoding).parse()  # type: ignore[arg-type]
        body.check_end()
        return parsed

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        raise NotImplementedError

    def file_complete(self, file_size: int) -> None:
        raise NotImplementedError


def check_signature(head: bytes, kind: Kind) -> None:
    """Raises UnusableUpload if `head`, the beginning of a file, is of another type; fewer than ENOUGH bytes pass."""
    if len(head) >= file_signatures.ENOUGH and not kind.has_signature(head):
        raise UnusableUpload(kind.wrong_type)
