"""Synthetic photos, clips and camera files for the demo and the tests: drawn, seeded, nothing downloaded.

A seed gives the same made-up person in all of them. Uses Pillow and PyAV alone, no Django and nothing of the portal.
"""

import io
import math
import random
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import Any, cast

import av
from av.video.plane import VideoPlane
from av.video.stream import VideoStream
from PIL import Image, ImageChops, ImageDraw, ImageFont

from kyc_portal.sandbox.person import Person, Pose, mix
from kyc_portal.sandbox.portrait import draw_person

Size = tuple[int, int]

# How to store an upright picture so that a viewer which honours the EXIF tag shows it upright again.
STORED_AS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}
TURNED = {90: Image.Transpose.ROTATE_270, 180: Image.Transpose.ROTATE_180, 270: Image.Transpose.ROTATE_90}
ENCODER_OPTIONS = {
    "libx264": {"preset": "ultrafast", "threads": "1"},
    "libvpx": {"deadline": "realtime", "cpu-used": "8", "threads": "1"},
    "libvpx-vp9": {"deadline": "realtime", "cpu-used": "8", "threads": "1"},
    "libx265": {"preset": "ultrafast", "x265-params": "log-level=none:pools=1"},
    "libsvtav1": {"preset": "12"},
}
TAKE_SECONDS = 4.0  # of each of the demo's recordings
POSES = 30  # distinct frames drawn for a clip; longer clips go round again
EXIF_ORIENTATION = 0x0112


def draw_photo(
    seed: int = 1,
    size: Size = (600, 800),
    *,
    format: str = "JPEG",
    orientation: int | None = None,
    holder: str = "",
) -> bytes:
    """A portrait on a specimen ID card of `size` pixels, as an encoded image file.

    `orientation` is an EXIF tag from 1 to 8: the pixels are stored turned, and a viewer that applies the tag turns them
    back. With the name of a `holder`, the card shows it and a day on which it expires.
    """
    line = f"{holder.upper()}  VALID TO 2031-05-17" if holder else f"SPECIMEN<<DRAWN<PERSON<<{seed:04d}<<<"
    picture = _sensor_noise(_card(seed, size, line), seed, 0)
    if orientation in STORED_AS:
        picture = picture.transpose(STORED_AS[orientation])
    exif = Image.Exif()
    if orientation is not None:
        exif[EXIF_ORIENTATION] = orientation
    out = io.BytesIO()
    picture.save(out, format, **({"exif": exif} if orientation else {}))
    return out.getvalue()


def draw_clip(
    *,
    container: str = "mp4",
    codec: str = "libx264",
    seconds: float = 3.0,
    size: Size = (320, 240),
    fps: int = 15,
    seed: int = 1,
    rotation: int = 0,
    fragmented: bool = False,
    take: int = 1,
    bit_rate: int = 0,
) -> bytes:
    """A short silent clip of the person nodding, blinking and speaking, as an encoded video file.

    `size` is what a viewer sees, in pixels; with `rotation` (90, 180 or 270 degrees) the pictures are stored
    turned and the file says how to turn them back. `fragmented` writes MP4 the way browsers record it. No two takes
    have the same noise, as with a camera. `bit_rate` is in bits a second; 0 is little.
    """
    out = io.BytesIO()
    options = {"movflags": "frag_keyframe+empty_moov+default_base_moof"} if fragmented else {}
    with av.open(out, "w", format=container, options=options) as file:
        stream = cast(VideoStream, file.add_stream(codec, rate=fps, options=ENCODER_OPTIONS.get(codec, {})))
        stream.width, stream.height = size if rotation % 180 == 0 else size[::-1]
        stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        stream.bit_rate = bit_rate or 2 * size[0] * size[1]
        stream.gop_size = 2 * fps
        if rotation:
            stream.set_display_rotation(rotation)
        for number in range(round(seconds * fps)):
            file.mux(stream.encode(_video_frame(seed, size, number, fps, rotation, take)))
        file.mux(stream.encode(None))
    return out.getvalue()


def draw_takes(seed: int, count: int) -> list[bytes]:
    """So many recordings of one person, upright, as a phone would send them."""
    look: dict[str, Any] = {"seconds": TAKE_SECONDS, "size": (480, 640), "fps": 15}
    return [draw_clip(seed=seed, take=take, **look) for take in range(1, count + 1)]


def draw_camera(path: str | Path, *, seed: int, take: int) -> None:
    """Write 6 s of the person as a YUV4MPEG2 file, which Chromium plays in a loop as its fake camera.

    `take` as in `draw_clip`: two recordings of one file can have the same pixels, which never happens with a camera.
    """
    seconds, size, fps = 6, (640, 480), 15
    with open(path, "wb") as out:
        out.write(f"YUV4MPEG2 W{size[0]} H{size[1]} F{fps}:1 Ip A1:1 C420jpeg\n".encode())
        for number in range(seconds * fps):
            frame = _video_frame(seed, size, number, fps, take=take).reformat(format="yuvj420p")
            out.write(b"FRAME\n")
            out.writelines(_packed(plane) for plane in frame.planes)


def draw_frame(seed: int, size: Size, at: float) -> Image.Image:
    """What the camera sees `at` seconds into a clip, without noise."""
    return _pose_picture(seed, size, round(at / 3 * POSES) % POSES)


def _packed(plane: VideoPlane) -> bytes:
    """The picture lines of one 8-bit plane, without the padding FFmpeg keeps at their ends."""
    lines, stride = bytes(plane), plane.line_size
    return b"".join(lines[start : start + plane.width] for start in range(0, len(lines), stride))


def _video_frame(
    seed: int, size: Size, number: int, fps: int, rotation: int = 0, take: int = 1
) -> av.VideoFrame:
    picture = _sensor_noise(draw_frame(seed, size, number / fps), f"{seed}.{take}", number)
    if rotation:
        picture = picture.transpose(TURNED[rotation])
    frame = av.VideoFrame.from_bytes(picture.convert("RGBA").tobytes(), *picture.size)
    frame.pts, frame.time_base = number, Fraction(1, fps)
    return frame


@lru_cache(maxsize=4 * POSES)
def _pose_picture(seed: int, size: Size, step: int) -> Image.Image:
    """One of the `POSES` pictures of a three-second round: a nod, a look aside, two blinks, some words."""
    t = step / POSES
    blink = max(0.0, 1 - abs(t - 0.12) * 18, 1 - abs(t - 0.62) * 18)
    speaking = math.sin((t - 0.45) / 0.4 * math.pi) if 0.45 < t < 0.85 else 0.0
    mouth = speaking * abs(math.sin(6 * math.pi * t))
    nod, turn = math.sin(2 * math.pi * t), 0.8 * math.sin(4 * math.pi * t + 0.5)
    pose = Pose(nod=nod, turn=turn, blink=blink, mouth=mouth)
    canvas = _room(seed, size).copy()
    unit = min(canvas.height * 0.29, canvas.width * 0.3)
    draw_person(canvas, Person.from_seed(seed), pose, unit=unit, at=(canvas.width / 2, canvas.height * 0.46))
    return canvas.resize(size, Image.Resampling.BILINEAR)


@lru_cache(maxsize=8)
def _room(seed: int, size: Size) -> Image.Image:
    """A quiet wall with a window's light on it, at twice the size asked for, against jagged edges."""
    rng = random.Random(f"room {seed}")
    wall = rng.choice([(196, 205, 208), (208, 199, 186), (190, 203, 190), (204, 196, 206)])
    wide, high = size[0] * 2, size[1] * 2
    left, top = wide * 2 // 3, high // 3
    distance = Image.radial_gradient("L").resize((wide * 2, high * 2))
    room = Image.new("RGB", (wide, high), mix(wall, (255, 255, 255), 0.35))
    room.paste(mix(wall, (60, 60, 70), 0.55), (0, 0), distance.crop((left, top, left + wide, top + high)))
    return room


def draw_selfie(seed: int) -> bytes:
    """A picture of the person that is no ID at all, as a JPEG."""
    out = io.BytesIO()
    draw_frame(seed, (600, 800), 0.5).save(out, "JPEG")
    return out.getvalue()


def _card(seed: int, size: Size, line: str) -> Image.Image:
    """The face side of an invented ID card: fine waves, the portrait, SPECIMEN, and a line of print."""
    wide, high = size[0] * 2, size[1] * 2
    person = Person.from_seed(seed)
    card = Image.new("RGB", (wide, high), (226, 236, 238))
    _draw_waves(card, random.Random(f"card {seed}"))
    unit = min(high * 0.235, wide * 0.3)
    draw_person(card, person, Pose(), unit=unit, at=(wide / 2, high * 0.47))
    _draw_card_print(card, line)
    return card.resize(size, Image.Resampling.LANCZOS)


def _draw_waves(card: Image.Image, rng: random.Random) -> None:
    draw = ImageDraw.Draw(card)
    phase, step = rng.uniform(0, 6), card.height / 42
    for line in range(-4, 46):
        points = [
            (x, line * step + math.sin(x / card.width * 9 + phase + line * 0.22) * step * 1.6)
            for x in range(0, card.width + 16, 16)
        ]
        draw.line(
            points, fill=(190, 214, 216) if line % 2 else (222, 208, 214), width=max(1, card.width // 500)
        )


def _draw_card_print(card: Image.Image, line: str) -> None:
    draw = ImageDraw.Draw(card)
    wide, high = card.size
    ink, band = (36, 66, 92), high // 10
    draw.rectangle((0, 0, wide, band), fill=ink)
    draw.rectangle((0, high - band, wide, high), fill=(240, 244, 244))
    title, code = _font(wide, 22), _font(wide, 26)
    draw.text((wide * 0.04, band / 2), "IDENTITY CARD", (240, 246, 248), title, "lm")
    draw.text((wide * 0.96, band / 2), "SPECIMEN", (250, 214, 120), title, "rm")
    draw.text((wide / 2, high - band / 2), line, ink, code, "mm")
    stamp = Image.new("L", (wide, high), 0)
    ImageDraw.Draw(stamp).text((wide / 2, high * 0.79), "SPECIMEN", 120, _font(wide, 8), "mm")
    card.paste((170, 40, 60), (0, 0), stamp.rotate(12, Image.Resampling.BILINEAR))


def _font(wide: int, share: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(wide / share)


def _sensor_noise(picture: Image.Image, seed: int | str, number: int) -> Image.Image:
    """The grain a small camera adds: the same for the same seed and frame number."""
    grain = random.Random(f"noise {seed} {number}").randbytes(picture.width * picture.height)
    noise = Image.frombytes("L", picture.size, grain).point([value // 32 for value in range(256)])
    return ImageChops.add(picture, Image.merge("RGB", (noise, noise, noise)), offset=-4)
