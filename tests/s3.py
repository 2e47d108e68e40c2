"""An S3 server for tests: moto on loopback in this process, which records every request."""

import io
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import boto3
from moto.backends import get_backend
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.moto_server.werkzeug_app import (
    DomainDispatcherApplication,
    MotoRequestHandler,
    create_backend_app,
)
from werkzeug.serving import make_server
from werkzeug.wsgi import get_input_stream

REGION, BUCKET = "eu-central-1", "evidence"
KEYS = {"aws_access_key_id": "AKIDexample", "aws_secret_access_key": "example"}


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes


@dataclass
class S3:
    """`url` is an endpoint_url; `requests` holds the requests since the list was last cleared."""

    url: str
    requests: list[Request] = field(default_factory=list)

    def client(self) -> Any:
        return boto3.client("s3", endpoint_url=self.url, region_name=REGION, **KEYS)

    def put(self, name: str, content: bytes) -> None:
        """Stores an object without a request."""
        get_backend("s3")[DEFAULT_ACCOUNT_ID]["aws"].put_object(BUCKET, name, content)

    def raw(self, name: str) -> bytes:
        """The stored bytes of an object."""
        return bytes(self.client().get_object(Bucket=BUCKET, Key=name)["Body"].read())


class _Quiet(MotoRequestHandler):
    def log(self, *args: Any) -> None:
        """Logs no requests."""


@contextmanager
def running() -> Iterator[S3]:
    """A server with an empty bucket."""
    moto = DomainDispatcherApplication(create_backend_app)
    requests: list[Request] = []

    def remember(environ: dict[str, Any], start: Any) -> Any:
        requests.append(_request(environ))
        return moto(environ, start)

    server = make_server("127.0.0.1", 0, remember, threaded=True, request_handler=_Quiet)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        s3 = S3(f"http://127.0.0.1:{server.server_port}", requests)
        s3.client().create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
        requests.clear()
        yield s3
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        # moto keeps buckets for the life of the process: the next server would have this one's.
        get_backend("s3")[DEFAULT_ACCOUNT_ID]["aws"].reset()


def _request(environ: dict[str, Any]) -> Request:
    """The request as recorded; its body is restored for the server to read."""
    body = get_input_stream(environ).read()
    environ["wsgi.input"] = io.BytesIO(body)
    headers = {name[5:].lower(): value for name, value in environ.items() if name.startswith("HTTP_")}
    return Request(environ["REQUEST_METHOD"], environ["PATH_INFO"], environ["QUERY_STRING"], headers, body)
