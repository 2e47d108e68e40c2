"""The file of the photo step: of any label, unreadable, changed after the choice, too large, dropped, pasted."""

import base64
import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Page, Route, expect

from kyc_portal.sandbox.drawing import draw_photo
from tests.browser.conftest import SEED, Applicant, wait_for
from tests.browser.faults.conftest import AtStep

FAULT = "[data-fault]"
PHOTO = draw_photo(SEED)
HEIC = b"\0\0\0\x18ftypheic\0\0\0\0heicmif1" + bytes(200)
ORIENTATION = 0x0112


def picked(data: bytes, label: str = "image/jpeg", name: str = "card.jpg") -> Any:
    return {"name": name, "mimeType": label, "buffer": data}


def encoded(kind: str, size: tuple[int, int] | None = None, **options: Any) -> bytes:
    image = Image.open(io.BytesIO(PHOTO))
    buffer = io.BytesIO()
    (image.resize(size) if size else image).save(buffer, kind, **options)
    return buffer.getvalue()


def choose(page: Page, file: Any) -> None:
    page.locator("#photo").set_input_files(file)


def told(page: Page, code: str) -> None:
    expect(page.locator(FAULT)).to_have_attribute("data-code", code)
    expect(page.locator("#photo")).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_role("alert")).to_be_in_viewport()


def shown(page: Page) -> None:
    expect(page.get_by_alt_text("The photo you chose")).to_be_visible()
    expect(page.locator(FAULT)).to_be_hidden()


def limits(page: Page, **attributes: str) -> None:
    """Opens the page anew with other limits than the server's, by the names of their attributes."""

    def answer(route: Route) -> None:
        if route.request.method != "GET":
            route.continue_()
            return
        body = route.fetch().text()
        for name, value in attributes.items():
            attribute = name.replace("_", "-")
            body = re.sub(f'{attribute}="[^"]*"', f'{attribute}="{value}"', body)
        route.fulfill(body=body, content_type="text/html")

    page.route(re.compile(r"/verify/document(\?|$)"), answer)
    page.reload()
    page.wait_for_load_state()


# Browsers show a test no body with a file in it.
KEEPS = """() => {
  const send = XMLHttpRequest.prototype.send;
  XMLHttpRequest.prototype.send = async function (form) {
    const file = form.get("photo");
    const bytes = new Uint8Array(await file.arrayBuffer());
    let text = "";
    for (let at = 0; at < bytes.length; at += 32768) text += String.fromCharCode(...bytes.subarray(at, at + 32768));
    await keep({ name: file.name, type: file.type, change: form.get("change"), content: btoa(text) });
    send.call(this, form);
  };
}"""


def uploaded(page: Page) -> list[dict[str, Any]]:
    """What the page sends from now on."""
    sent: list[dict[str, Any]] = []

    def keep(file: dict[str, Any]) -> None:
        sent.append({**file, "content": base64.b64decode(file["content"])})

    page.expose_function("keep", keep)
    page.evaluate(KEEPS)
    return sent


# The file after the choice


def _longer(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"more")


@pytest.mark.parametrize("happens", [_longer, Path.unlink])
def test_what_happens_to_the_file_after_the_choice_does_not_matter(
    applicant: Applicant, at_step: AtStep, tmp_path: Path, happens: Callable[[Path], Any]
) -> None:
    at_step("document")
    file = tmp_path / "card.jpg"
    file.write_bytes(PHOTO)
    choose(applicant.page, file)
    shown(applicant.page)
    happens(file)
    applicant.primary.click()
    applicant.step("capture")


def test_the_form_itself_holds_what_was_read(applicant: Applicant, at_step: AtStep, tmp_path: Path) -> None:
    at_step("document")
    file = tmp_path / "card.jpg"
    file.write_bytes(PHOTO)
    choose(applicant.page, file)
    shown(applicant.page)
    file.unlink()
    applicant.page.evaluate("document.querySelector('form').submit()")
    applicant.step("capture")


# Reading

# The next file is read as this says, the one after it as ever.
READS_ONCE = """(how) => {
  const real = Blob.prototype.arrayBuffer;
  Blob.prototype.arrayBuffer = function () {
    Blob.prototype.arrayBuffer = real;
    if (how) return Promise.reject(new DOMException("", how));
    return new Promise((resolve) => { window.comes = () => resolve(real.call(this)); });
  };
}"""


def with_a_file_that_is_read(applicant: Applicant, at_step: AtStep) -> Page:
    """The step with the photo, when first.jpg is chosen; it comes with the page's `comes()`."""
    at_step("document")
    applicant.page.evaluate(READS_ONCE)
    choose(applicant.page, picked(PHOTO, name="first.jpg"))
    return applicant.page


def test_a_file_that_can_not_be_read_is_told_and_the_next_one_goes_through(
    applicant: Applicant, at_step: AtStep
) -> None:
    page = applicant.page
    at_step("document")
    for error in ("NotReadableError", "NotFoundError", "SecurityError"):
        page.evaluate(READS_ONCE, error)
        choose(page, picked(PHOTO))
        told(page, "unreadable_file")
        applicant.primary.click()
        told(page, "unreadable_file")
        choose(page, picked(PHOTO))
        shown(page)
    applicant.primary.click()
    applicant.step("capture")


def test_a_file_that_never_comes_from_its_cloud_is_told(applicant: Applicant, at_step: AtStep) -> None:
    page = applicant.page
    page.clock.install()
    at_step("document")
    page.evaluate(READS_ONCE)
    choose(page, picked(PHOTO))
    expect(page.locator("[data-note]")).to_have_text("Reading the photo…")
    page.clock.fast_forward(3_000)
    expect(page.locator("[data-note]")).to_contain_text("from a cloud")
    page.clock.fast_forward(60_000)
    told(page, "unreadable_file")
    expect(page.locator("[data-note]")).to_be_empty()


def test_a_file_that_comes_late_takes_the_place_of_none_that_was_chosen_after_it(
    applicant: Applicant, at_step: AtStep
) -> None:
    page = with_a_file_that_is_read(applicant, at_step)
    choose(page, picked(PHOTO, name="second.jpg"))
    shown(page)
    page.evaluate("comes()")
    page.evaluate("new Promise((resolve) => setTimeout(resolve, 50))")
    expect(page.locator("[data-name]")).to_have_text("second.jpg")


def test_the_button_waits_for_a_file_that_is_still_read(applicant: Applicant, at_step: AtStep) -> None:
    page = with_a_file_that_is_read(applicant, at_step)
    applicant.primary.click()
    expect(applicant.primary).to_have_attribute("aria-busy", "true")
    applicant.primary.click()
    sent = uploaded(page)
    page.evaluate("comes()")
    applicant.step("capture")
    assert len(sent) == 1


def test_a_file_that_was_chosen_while_another_was_read_waits_for_the_button(
    applicant: Applicant, at_step: AtStep
) -> None:
    page = with_a_file_that_is_read(applicant, at_step)
    applicant.primary.click()
    sent = uploaded(page)
    choose(page, picked(PHOTO, name="second.jpg"))
    shown(page)
    page.evaluate("comes()")
    expect(applicant.primary).not_to_have_attribute("aria-busy", "true")
    expect(page.locator(FAULT)).to_be_hidden()
    assert sent == []
    applicant.primary.click()
    applicant.step("capture")
    assert [one["name"] for one in sent] == ["second.jpg"]


# What it is

LABELS = (
    "image/jpg",
    "image/pjpeg",
    "application/jpg",
    "application/octet-stream",
    "image/*",
    "",
    "text/plain",
    "image/heic",
)


def test_the_bytes_decide_and_not_the_label(applicant: Applicant, at_step: AtStep) -> None:
    page = applicant.page
    at_step("document")
    for label in LABELS:
        choose(page, picked(PHOTO, label, f"{label}.bin"))
        expect(page.locator("[data-name]")).to_have_text(f"{label}.bin")
        shown(page)
    applicant.primary.click()
    applicant.step("capture")


NO_PHOTOS = {
    "empty_file": b"",
    "unsupported_image_type": b"<svg xmlns='http://www.w3.org/2000/svg'/>" + bytes(40),
    "unsupported_image_type ": b"%PDF-1.7" + bytes(90),
    "image_corrupt": b"\xff\xd8\xff\xe0" + bytes(range(256)) * 4,
    "image_corrupt ": PHOTO[:300],
}


def test_what_is_no_photo_is_told_before_it_is_sent(applicant: Applicant, at_step: AtStep) -> None:
    """The words speak of the camera's button only where there is one."""
    page = applicant.page
    at_step("document")
    sent = uploaded(page)
    for is_phone in (False, True):
        page.evaluate(
            "is => document.querySelector('[data-camera]').classList.toggle('only-touch', !is)", is_phone
        )
        for code, data in NO_PHOTOS.items():
            choose(page, picked(data))
            told(page, code.strip())
            said = page.locator(FAULT).inner_text()
            assert ("Take a photo" in said) is is_phone, said
    applicant.primary.click()
    told(page, "image_corrupt")
    expect(page.locator("#photo")).to_be_focused()
    assert sent == []
    choose(page, picked(PHOTO))
    shown(page)


def test_nothing_chosen_is_told(applicant: Applicant, at_step: AtStep) -> None:
    at_step("document")
    applicant.primary.click()
    told(applicant.page, "missing_file")
    expect(applicant.page.locator("#photo")).to_be_focused()


def test_a_kind_that_only_the_browser_can_read_is_sent_as_jpeg(applicant: Applicant, at_step: AtStep) -> None:
    page = applicant.page
    at_step("document")
    sent = uploaded(page)
    choose(page, picked(encoded("WEBP"), "image/webp", "card.webp"))
    shown(page)
    applicant.primary.click()
    applicant.step("capture")
    (file,) = sent
    assert (file["name"], file["type"], file["change"]) == ("card.jpg", "image/jpeg", "converted")


def test_a_kind_that_only_the_server_can_read_is_sent_unseen(applicant: Applicant, at_step: AtStep) -> None:
    page = applicant.page
    at_step("document")
    limits(page, accept="image/jpeg,image/png")
    choose(page, picked(HEIC, "image/heic", "IMG_1.HEIC"))
    told(page, "unsupported_image_type")
    page.unroute_all()
    page.reload()
    page.wait_for_load_state()
    choose(page, picked(HEIC, "", "IMG_1.HEIC"))
    expect(page.locator("[data-unseen]")).to_contain_text("We can read it")
    expect(page.locator("[data-name]")).to_have_text("IMG_1.HEIC")
    sent = uploaded(page)
    applicant.primary.click()
    # The file is no whole HEIC: the server's words come to this page, and the choice is open again.
    expect(page.locator(FAULT)).to_be_visible()
    assert (sent[0]["content"], sent[0]["type"], sent[0]["change"]) == (HEIC, "image/heic", "")
    expect(page.locator("[data-unseen]")).to_be_hidden()
    choose(page, picked(PHOTO))
    shown(page)


# Too large


def test_a_photo_that_is_too_large_is_made_smaller_upright(applicant: Applicant, at_step: AtStep) -> None:
    page = applicant.page
    at_step("document")
    limits(page, data_pixels="1000000", data_limit="400000")
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    sent = uploaded(page)
    choose(page, picked(encoded("PNG")))
    shown(page)
    expect(page.locator("[data-name]")).to_have_text("card.jpg")
    choose(page, picked(encoded("JPEG", (4400, 900), quality=20, exif=exif), name="sideways.jpg"))
    expect(page.locator("[data-name]")).to_have_text("sideways.jpg")
    shown(page)
    applicant.primary.click()
    # The server may advise against a face as thin as this.
    expect(page.locator("main")).not_to_have_attribute("data-step", "document")
    picture = Image.open(io.BytesIO(sent[0]["content"]))
    assert (picture.size, sent[0]["change"]) == ((818, 4000), "scaled")
    assert picture.getexif().get(ORIENTATION, 1) == 1


SIZE = "document.querySelector('#photo').files[0].size"
# What does not work, and how it fails.
DRAWS_NOTHING = {
    "no canvas": ("HTMLCanvasElement.prototype.getContext", "() => null"),
    "no JPEG": ("HTMLCanvasElement.prototype.toBlob", "(answer) => answer(null)"),
    "noise for privacy": (
        "CanvasRenderingContext2D.prototype.getImageData",
        "(x, y, width, height) => ({ data: new Uint8ClampedArray(width * height * 4).fill(255) })",
    ),
    "an empty drawing": ("CanvasRenderingContext2D.prototype.drawImage", "() => {}"),
    "a decoder that fails": ("HTMLImageElement.prototype.decode", "() => Promise.reject(new Error())"),
    "a decoder that never ends": (
        "HTMLImageElement.prototype.decode",
        "() => new Promise(() => { window.hangs = true; })",
    ),
    "a drawing that never ends": ("HTMLCanvasElement.prototype.toBlob", "() => { window.hangs = true; }"),
}
BREAK = """() => {{
  window.repair?.();
  window.hangs = false;
  const real = {place};
  window.repair = () => {{ {place} = real; }};
  {place} = {fault};
}}"""


def test_where_the_browser_draws_nothing_the_photo_goes_as_it_is(
    applicant: Applicant, at_step: AtStep
) -> None:
    page = applicant.page
    page.clock.install()
    at_step("document")
    limits(page, data_pixels="1000")
    choose(page, picked(PHOTO))
    shown(page)
    assert page.evaluate(SIZE) != len(PHOTO), "it would be drawn anew"
    for kind, (place, fault) in DRAWS_NOTHING.items():
        page.evaluate(BREAK.format(place=place, fault=fault))
        choose(page, picked(PHOTO))
        if "never" in kind:
            wait_for(page, "window.hangs")
            page.clock.fast_forward(30_000)
        shown(page)
        assert page.evaluate(SIZE) == len(PHOTO), kind
    applicant.primary.click()
    applicant.step("capture")


def test_a_photo_that_stays_too_large_is_told_before_it_is_sent(
    applicant: Applicant, at_step: AtStep
) -> None:
    page = applicant.page
    at_step("document")
    limits(page, data_limit="2000")
    choose(page, picked(PHOTO))
    told(page, "image_too_large")


# Other ways onto the page

DROP = """([files, where]) => {
  const data = new DataTransfer();
  for (const text of files) {
    data.items.add(new File([Uint8Array.from(atob(text), (one) => one.charCodeAt(0))], "d.jpg"));
  }
  const kind = where === "paste" ? new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true })
    : new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true });
  return document.querySelector(where === "paste" ? "body" : where).dispatchEvent(kind);
}"""


def test_a_photo_can_be_dropped_anywhere_and_pasted(applicant: Applicant, at_step: AtStep) -> None:
    page = applicant.page
    at_step("document")
    text = base64.b64encode(PHOTO).decode()
    for where in (".drop", "h1", "paste"):
        page.evaluate(DROP, [[text, text], where])
        told(page, "exactly_one_file")
        page.evaluate(DROP, [[text], where])
        shown(page)
    applicant.primary.click()
    applicant.step("capture")


def test_a_choice_that_was_called_off_keeps_the_photo(applicant: Applicant, at_step: AtStep) -> None:
    page = applicant.page
    at_step("document")
    choose(page, picked(PHOTO))
    shown(page)
    choose(page, [])
    shown(page)
    applicant.primary.click()
    applicant.step("capture")
