"""The file names of the catalogue, part F: sent as raw bytes, because a client library would sanitise most of them.

The portal stores a file under a name of its own or refuses the form. It never stores the sender's file name.
"""

import re
from typing import Any

import pytest
from django.test import Client

from tests.catalogue import photos
from tests.catalogue.test_photos import code_of, kept
from verification import storage
from verification.models import AuditEvent, DataKey, Document

BOUNDARY = b"a-line-that-is-in-no-photo"
OUR_NAME = re.compile(r"[\w-]+/photo(-original)?-[0-9a-f]{32}\.bin")
ACCEPTED = (200, "")
NO_NAME = (400, "missing_file")  # Django takes a part without a readable name for no file

# The text after `name="photo"; ` in the part's header.
NAMES: dict[str, tuple[bytes, tuple[int, str]]] = {
    "F1 up the folders": (b'filename="../../etc/passwd"', ACCEPTED),
    "F2 up the folders of Windows": (rb'filename="..\..\x.exe"', ACCEPTED),
    "F3 a NUL": (b'filename="a\0.jpg"', ACCEPTED),
    "F4 one dot": (b'filename="."', NO_NAME),
    "F4 two dots": (b'filename=".."', NO_NAME),
    "F4 empty": (b'filename=""', NO_NAME),
    "F5 a device of Windows": (b'filename="CON.jpg"', ACCEPTED),
    "F6 400 characters": (b'filename="' + b"x" * 396 + b'.jpg"', ACCEPTED),
    "F7 written from right to left": ('filename="\u202egpj.exe"'.encode(), ACCEPTED),
    "F8 a line break, encoded": (b'filename="a%0d%0aSet-Cookie: x=1.jpg"', ACCEPTED),
    "F9 an absolute path": (b'filename="/etc/cron.d/x"', ACCEPTED),
    "F10 markup": (b'filename="<img src=x onerror=alert(1)>.jpg"', ACCEPTED),
    "F11 two endings": (b'filename="a.jpg;.php"', ACCEPTED),
    "F12 up a folder, encoded": (b'filename="%2e%2e%2fx.jpg"', ACCEPTED),
    "F13 up a folder, as RFC 5987 encodes it": (b"filename*=UTF-8''..%2fx.jpg", ACCEPTED),
    "F14 two names": (b'filename="a.jpg"; filename="../b.php"', ACCEPTED),
    "F15 bytes that are no UTF-8": (b'filename="\xff\xfe\x80.jpg"', NO_NAME),
    "F16 a dash in front": (b'filename="-rf.jpg"', ACCEPTED),
    "F17 a tilde": (b'filename="~root"', ACCEPTED),
    "F18 a dot behind": (b'filename="x.jpg."', ACCEPTED),
    "F18 a space behind": (b'filename="x.jpg "', ACCEPTED),
}


def send(client: Client, name: bytes) -> Any:
    head = b'Content-Disposition: form-data; name="photo"; ' + name + b"\r\nContent-Type: image/jpeg\r\n\r\n"
    body = b"--" + BOUNDARY + b"\r\n" + head + photos.jpeg() + b"\r\n--" + BOUNDARY + b"--\r\n"
    kind = "multipart/form-data; boundary=" + BOUNDARY.decode()
    return client.generic("POST", "/verify/document", body, kind)


@pytest.mark.parametrize("row", NAMES)
def test_a_file_name_decides_nothing(row: str, client: Client) -> None:
    name, (status_code, code) = NAMES[row]
    response = send(client, name)
    if (status_code, code) == ACCEPTED:
        assert (response.status_code, response.headers["Location"]) == (302, "/verify/")
        kept()
    else:
        assert code_of(response) == (status_code, code)
        assert not Document.objects.exists()
    objects = [copy for key in DataKey.objects.all() for copy in storage.copies(key)]
    assert len(objects) == 2 * Document.objects.count()
    assert all(OUR_NAME.fullmatch(one) for one in objects)


@pytest.mark.parametrize("row", NAMES)
def test_a_file_name_is_kept_nowhere_and_shown_to_nobody(row: str, client: Client) -> None:
    marked = NAMES[row][0].replace(b'="', b'="unmistakable', 1).replace(b"''", b"''unmistakable", 1)
    response = send(client, marked)
    rows = [*Document.objects.values_list(), *AuditEvent.objects.values_list()]
    assert len(rows) > 2
    assert "unmistakable" not in str(rows)
    assert b"unmistakable" not in response.content
