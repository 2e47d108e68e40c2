"""The vendor's SDK, with one client for all calls."""

import base64
from collections.abc import Callable

from tencentcloud.common.credential import Credential
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile
from tencentcloud.faceid.v20180301.faceid_client import FaceidClient
from tencentcloud.faceid.v20180301.models import CompareFaceLivenessRequest

from tests.bench.senders import ACTIONS, MODE, REGION, SECRET_ID, SECRET_KEY


def sender(url: str) -> Callable[[bytes, bytes], None]:
    profile = ClientProfile(httpProfile=HttpProfile(protocol="http", endpoint=url.removeprefix("http://")))
    client = FaceidClient(Credential(SECRET_ID, SECRET_KEY), REGION, profile)

    def send(photo: bytes, video: bytes) -> None:
        request = CompareFaceLivenessRequest()
        request.LivenessType, request.ValidateData = MODE, ACTIONS
        request.ImageBase64 = base64.b64encode(photo).decode()
        request.VideoBase64 = base64.b64encode(video).decode()
        assert client.CompareFaceLiveness(request).Result == "Success"

    return send
