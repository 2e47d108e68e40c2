"""Recordings of a real browser, in every type it can write, are normalised: upright and of the same length."""

import base64
import io
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import av
import pytest
from PIL import Image, ImageChops, ImageStat
from playwright.sync_api import Page, Route

from kyc_portal.sandbox.drawing import draw_frame, draw_photo
from kyc_portal.sandbox.emulator import SANDBOX_SECRET_ID, SANDBOX_SECRET_KEY, EmulatorServer
from tests.browser.conftest import SEED
from verification import media
from verification.liveness import Credentials, LivenessClient, RequestBody

PLACE = "http://127.0.0.1/"  # never reached; browsers allow the camera on localhost only
SECONDS = 3
SHORTEST = 2.1  # seconds; the portal and the vendor take two
SIDE = (64, 48)  # compare pictures at this size, where noise and compression no longer matter

# Named by what is really written. Chromium omits the duration if the recorder has a time slice, Firefox always.
TYPES: dict[str, dict[str, Any]] = {
    "H.264 in MP4": {"type": "video/mp4;codecs=avc1.42E01E", "codec": "h264", "container": "mov"},
    "H.264 in Matroska": {"type": "video/x-matroska;codecs=avc1", "codec": "h264", "container": "matroska"},
    "VP8 in WebM": {"type": "video/webm;codecs=vp8", "codec": "vp8", "container": "matroska"},
    "VP8 without duration": {
        "type": "video/webm;codecs=vp8",
        "codec": "vp8",
        "container": "matroska",
        "slice": 500,
    },
    "VP9 in WebM": {"type": "video/webm;codecs=vp9", "codec": "vp9", "container": "matroska"},
    "AV1 in WebM": {"type": "video/webm;codecs=av1", "codec": "av1", "container": "matroska"},
    "VP9 in MP4": {"type": "video/mp4", "codec": "vp9", "container": "mov"},
}

RECORD = """async ({type, slice, seconds}) => {
  const video = {width: 640, height: 480, frameRate: 30};
  const stream = await navigator.mediaDevices.getUserMedia({video, audio: false});
  const recorder = new MediaRecorder(stream, {mimeType: type, videoBitsPerSecond: 2e6});
  const parts = [];
  recorder.ondataavailable = (event) => parts.push(event.data);
  const stopped = new Promise((resolve) => recorder.onstop = resolve);
  recorder.start(slice);
  setTimeout(() => recorder.stop(), seconds * 1000);
  await stopped;
  stream.getTracks().forEach((track) => track.stop());
  const url = await new Promise((resolve) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result);
    reader.readAsDataURL(new Blob(parts));
  });
  return url.slice(url.indexOf(",") + 1);
}"""


# Firefox can't be given a file as its camera. A canvas stands in for it, on which the file's first picture nods by two
# pixels; the recorder is Firefox's own.
DRAWN_CAMERA = """(picture) => {
  const canvas = Object.assign(document.createElement("canvas"), { width: 640, height: 480 });
  const image = Object.assign(new Image(), { src: picture });
  const context = canvas.getContext("2d");
  let number = 0;
  setInterval(() => context.drawImage(image, 0, 2 * Math.sin(number++)), 33);
  navigator.mediaDevices.getUserMedia = async () => canvas.captureStream(30);
}"""


@pytest.fixture
def camera_page(page: Page, browser_name: str) -> Page:
    def answer(route: Route) -> None:
        route.fulfill(body="<title>camera</title>", content_type="text/html")

    page.route(f"{PLACE}**", answer)
    page.goto(PLACE)
    if browser_name == "firefox":
        shown = io.BytesIO()
        draw_frame(SEED, (640, 480), 0).convert("RGB").save(shown, "PNG")
        page.evaluate(DRAWN_CAMERA, f"data:image/png;base64,{base64.b64encode(shown.getvalue()).decode()}")
    return page


@pytest.fixture(scope="module")
def vendor() -> Iterator[tuple[EmulatorServer, LivenessClient]]:
    credentials = Credentials(SANDBOX_SECRET_ID, SANDBOX_SECRET_KEY)
    with (
        EmulatorServer(rate=1000) as emulator,
        LivenessClient(emulator.url, "ap-singapore", credentials) as client,
    ):
        yield emulator, client


def types() -> list[Any]:
    """The one type that Firefox can write is tried there too."""
    marks = {"VP8 in WebM": pytest.mark.firefox}
    return [pytest.param(name, marks=marks.get(name, ())) for name in TYPES]


@pytest.mark.parametrize("name", types())
def test_what_a_browser_records_reaches_the_vendor(
    name: str, browser_name: str, camera_page: Page, vendor: tuple[EmulatorServer, LivenessClient]
) -> None:
    emulator, client = vendor
    asked = TYPES[name]
    recorded = record(camera_page, asked)
    checked = media.check_video(recorded)
    assert (checked.facts.container, checked.facts.codec) == (asked["container"], asked["codec"])
    prepared = media.prepare_video(recorded)
    answer = client.send(RequestBody(draw_photo(SEED), prepared.mp4, mode="SILENT", actions=""))
    assert answer.result == "Success"
    assert emulator.calls()[-1]["video_container"] == "mp4"
    seconds, a_picture = timing(recorded)
    assert timing(prepared.mp4)[0] == pytest.approx(seconds, abs=max(0.1, 2 * a_picture))
    assert SHORTEST < seconds < SECONDS + 0.5
    assert_upright(prepared.mp4)
    if "slice" in asked or browser_name == "firefox":
        assert header_duration(recorded) is None


def record(page: Page, asked: dict[str, Any]) -> bytes:
    """A recording that is long enough. A busy machine begins to record late, so it gets three tries."""
    for _ in range(3):
        recorded = base64.b64decode(page.evaluate(RECORD, {"slice": None, "seconds": SECONDS, **asked}))
        if timing(recorded)[0] > SHORTEST:
            return recorded
    raise AssertionError("Three recordings were too short.")


def timing(video: bytes) -> tuple[float, float]:
    """Seconds from the first picture to the end of the last, and of one picture; measured without the portal's code."""
    with av.open(io.BytesIO(video), "r") as file:
        stream = file.streams.video[0]
        times = sorted(packet.pts for packet in file.demux(stream) if packet.pts is not None and packet.size)
        spacing = Fraction(times[-1] - times[0], len(times) - 1)
        base = stream.time_base or Fraction(0)
        return float((times[-1] - times[0] + spacing) * base), float(spacing * base)


def header_duration(video: bytes) -> int | None:
    with av.open(io.BytesIO(video), "r") as file:
        return file.streams.video[0].duration


def assert_upright(video: bytes) -> None:
    """Checks that the picture is closer to the camera's input than to any rotation or mirror image of it."""
    seen = Image.open(io.BytesIO(media.frame_at(video, 1.0))).convert("RGB").resize(SIDE)
    shown = draw_frame(SEED, (640, 480), 0).convert("RGB").resize(SIDE)
    turns = [Image.Transpose.ROTATE_180, Image.Transpose.FLIP_TOP_BOTTOM, Image.Transpose.FLIP_LEFT_RIGHT]
    turned = [
        shown.transpose(turn) for turn in (*turns, Image.Transpose.ROTATE_90, Image.Transpose.ROTATE_270)
    ]
    assert difference(seen, shown) < min(difference(seen, other.resize(SIDE)) for other in turned)


def difference(one: Image.Image, other: Image.Image) -> float:
    return sum(ImageStat.Stat(ImageChops.difference(one, other)).mean)
