"""Operators make brands, see them as applicants do, and give them to API clients."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tests.conftest import NOW
from tests.flow.branding import BY, DETAILS, client_of, logo, made
from verification import media
from verification.actions import brand as action
from verification.models import ApiClient, Brand, StaffUser

pytestmark = pytest.mark.usefixtures("clock")


@pytest.fixture
def operator(staff: Callable[[str], StaffUser]) -> StaffUser:
    return staff("Operator")


@pytest.fixture
def browser(signed_in: Callable[[str], Client]) -> Client:
    return signed_in("Operator")


def text(response: Any) -> str:
    return str(response.content.decode())


def file(content: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile("logo.png", content)


def test_a_brand_is_made_seen_and_changed(browser: Client) -> None:
    page = browser.post("/admin/brands/new", {**DETAILS, "logo": file(logo())}, follow=True)
    brand = Brand.objects.get()
    assert page.redirect_chain == [(f"/admin/brands/{brand.public_id}/", 302)]
    assert "Saved." in text(page)
    listed = text(browser.get("/admin/brands/"))
    for words in ("Example Bank", "Second Bank", "#0b3d91", "No API client shows it yet.", "/brand/"):
        assert words in listed
    changed = {**DETAILS, "name": "Third Bank", "seen": action.seen(brand), "drop_logo": "on"}
    browser.post(f"/admin/brands/{brand.public_id}/", changed)
    brand.refresh_from_db()
    assert (brand.name, brand.logo) == ("Third Bank", None)


def test_the_preview_has_the_words_and_the_look_and_can_send_nothing(
    browser: Client, operator: StaffUser
) -> None:
    brand = made(operator, picture=logo())
    page = text(browser.get(f"/admin/brands/{brand.public_id}/preview"))
    for words in (
        "<bdi>Second Bank</bdi> asks you",
        "The law against money laundering",
        "tel:+12015550123",
        ".css",
        ".logo",
        "I agree</button>",
    ):
        assert words in page
    assert "<form" not in page
    assert "<bdi>Example Bank</bdi> asks you" in text(browser.get("/admin/brands/installation/preview"))


@pytest.mark.parametrize(
    ("detail", "unfit", "words"),
    [
        ("colour", "#ffd400", "a contrast of 1.3 to 1"),
        ("contact", "ask us", "Write an e-mail address"),
        ("privacy_notice", "http://x.example", "Write the https address"),
        ("name", "x" * 101, "at most 100 characters"),
        ("name", "a\u202eb", "can&#x27;t be seen"),
    ],
)
def test_a_form_that_is_refused_says_why_and_keeps_what_was_typed(
    browser: Client, detail: str, unfit: str, words: str
) -> None:
    answer = browser.post("/admin/brands/new", {**DETAILS, detail: unfit})
    assert (answer.status_code, Brand.objects.count()) == (422, 0)
    assert words in text(answer)
    assert f'value="{unfit}"' in text(answer)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>", "neither a PNG nor a JPEG"),
        (b"GIF89a" + bytes(100), "neither a PNG nor a JPEG"),
        (logo()[:-20], "broken"),
        (logo(20, 20), "less than 32 pixels"),
        (logo(4097, 1000), "more than 4096 pixels"),
        (logo(900, 100), "more than 8 times"),
        (logo() + b"PK\x03\x04", "more than the picture"),
        (logo() + bytes(media.MAX_LOGO), "more than 512 KiB"),
    ],
)
def test_a_file_that_is_no_logo_is_refused_in_words(browser: Client, content: bytes, words: str) -> None:
    answer = browser.post("/admin/brands/new", {**DETAILS, "logo": file(content)})
    assert (answer.status_code, Brand.objects.count()) == (422, 0)
    assert words in text(answer)


def test_an_edit_of_what_was_changed_meanwhile_is_refused(browser: Client, operator: StaffUser) -> None:
    brand = made(operator)
    answer = browser.post(f"/admin/brands/{brand.public_id}/", {**DETAILS, "name": "Mine", "seen": "earlier"})
    assert answer.status_code == 422
    assert "Somebody has changed this brand" in text(answer)
    assert Brand.objects.get().name == "Second Bank"


def seen() -> str:
    return action.shown(ApiClient.objects.all())


def test_ticks_that_were_made_before_somebody_gave_a_client_another_brand_change_nothing(
    browser: Client, operator: StaffUser
) -> None:
    one, other = made(operator), made(operator, name="Other Bank")
    client = client_of(operator, one)
    path, before = f"/admin/brands/{one.public_id}/", seen()
    assert f'name="of_clients" value="{before}"' in text(browser.get(path))
    action.assign([client], other, by=operator, acting_as=BY, now=NOW)
    page = text(browser.post(path, {"of_clients": before, "clients": [client.pk]}, follow=True))
    assert "Somebody has changed who shows which brand" in page
    assert ApiClient.objects.get().brand == other


def test_ticked_clients_show_the_brand_and_the_others_do_so_no_more(
    browser: Client, operator: StaffUser
) -> None:
    one, other = made(operator), made(operator, name="Other Bank")
    before, kept = client_of(operator, one, "before"), client_of(operator, one, "kept")
    theirs = client_of(operator, other, "theirs")
    page = f"/admin/brands/{one.public_id}/"
    assert "theirs (shows Other Bank now)" in text(browser.get(page))
    browser.post(page, {"of_clients": seen(), "clients": [kept.pk, theirs.pk]})
    shows = {client.name: client.brand for client in ApiClient.objects.select_related("brand")}
    assert shows == {"before": None, "kept": one, "theirs": one}
    answer = browser.post(page, {"of_clients": seen(), "clients": [before.pk, 999]})
    assert answer.status_code == 422
    assert Brand.objects.get(pk=one.pk).clients.count() == 2


def test_clients_beyond_those_that_are_listed_keep_their_brand(
    browser: Client, operator: StaffUser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("verification.review.brand_pages.forms.MAX_CLIENTS", 1)
    brand = made(operator)
    client_of(operator, brand, "a"), client_of(operator, brand, "b")
    page = f"/admin/brands/{brand.public_id}/"
    assert "There are more than are shown here." in text(browser.get(page))
    browser.post(page, {"of_clients": action.shown([ApiClient.objects.get(name="a")])})
    assert {client.name for client in brand.clients.all()} == {"b"}


def test_no_more_brands_are_made_than_the_page_shows(
    browser: Client, operator: StaffUser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(action, "MAX_BRANDS", 1)
    made(operator)
    answer = browser.post("/admin/brands/new", {**DETAILS, "name": "Other Bank"})
    assert (answer.status_code, Brand.objects.count()) == (422, 1)
    assert "There are 1 brands already." in text(answer)


@pytest.mark.parametrize("path", ["/admin/", "/admin/brands/", "/admin/login/", "/admin/nothing-here/"])
def test_the_staff_site_names_the_installation_and_never_a_brand(
    browser: Client, operator: StaffUser, path: str
) -> None:
    made(operator)
    page = text((Client() if "login" in path else browser).get(path, follow=True))
    assert "<bdi>Example Bank</bdi>" in page
    assert "| Example Bank</title>" in page.replace("\n", "")


def test_hostile_names_are_text_on_the_pages_of_staff(browser: Client, operator: StaffUser) -> None:
    hostile = "<script>alert(1)</script> שלום 🏦"
    brand = made(operator, name=hostile, legal_basis=hostile)
    client_of(operator, brand)
    other = made(operator, name="Other Bank")
    for path in ("", f"{brand.public_id}/", f"{brand.public_id}/preview", f"{other.public_id}/"):
        page = text(browser.get(f"/admin/brands/{path}"))
        assert "<script>alert" not in page
        assert "&lt;script&gt;alert(1)&lt;/script&gt; שלום 🏦" in page
