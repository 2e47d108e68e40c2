"""The portal's own client."""

from collections.abc import Callable

from tests.bench.senders import ACTIONS, MODE, REGION, SECRET_ID, SECRET_KEY
from verification.liveness import Credentials, LivenessClient


def sender(url: str) -> Callable[[bytes, bytes], None]:
    client = LivenessClient(url, REGION, Credentials(SECRET_ID, SECRET_KEY))

    def send(photo: bytes, video: bytes) -> None:
        assert client.compare(photo, video, mode=MODE, actions=ACTIONS).result == "Success"

    return send
