"""Everybody reads who asks them: the installation's organisation, or the brand of the API client that made the case."""

import hashlib
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client

from tests.conftest import NOW, Road
from tests.flow import messaging
from tests.flow.branding import BY, DETAILS, client_of, logo, made
from tests.flow.test_applicant_pages import agree, give_photo, opened, shown_hash
from tests.mail_server import MailServer
from verification import audit, permissions
from verification.actions import brand as action
from verification.actions import cancel
from verification.brands import stylesheet
from verification.brands.details import UnfitDetails
from verification.brands.organisation import installation, of, of_brand
from verification.consent_text import VERSION, consent_text
from verification.models import ApiClient, AuditEvent, Brand, Consent, ConsentText, Logo, StaffUser

pytestmark = pytest.mark.usefixtures("clock")
Staff = Callable[[str], StaffUser]
OURS = {
    "name": "Example Bank",
    "contact": "mailto:help@bank.example",
    "privacy_notice": "https://bank.example/privacy",
}
THEIRS = {
    "name": "Second Bank",
    "contact": "tel:+12015550123",
    "privacy_notice": "https://second.example/privacy",
}


@pytest.fixture
def operator(staff: Staff) -> StaffUser:
    return staff("Operator")


@pytest.fixture
def system(operator: StaffUser) -> ApiClient:
    return client_of(operator, made(operator, picture=logo()))


def text(response: Any) -> str:
    return str(response.content.decode())


def names(page: str, organisation: dict[str, str]) -> bool:
    """Whether the page's title, its header and its foot are the organisation's."""
    title = re.search(r"<title>[^<]* · ([^<]*)</title>", page)
    header = re.search(r'<header class="masthead">.*?<bdi>([^<]*)</bdi>', page, re.S)
    foot = page.partition("<footer")[2]
    return (
        title is not None
        and header is not None
        and {title[1], header[1]} == {organisation["name"]}
        and f'href="{organisation["contact"]}"' in foot
        and f'href="{organisation["privacy_notice"]}"' in foot
    )


def walk(client: Client, invitation: Any) -> dict[str, str]:
    """Every page of the way by its name, and what a browser without the case gets."""
    pages = {
        "agreement": text(client.get("/verify/consent")),
        "refusing": text(client.get("/verify/consent?answer=refuse")),
        "not ticked": text(
            client.post("/verify/consent", {"answer": "agree", "text_sha256": shown_hash(client)})
        ),
        "wrong method": text(client.delete("/verify/consent")),
        "nothing there": text(client.get("/verify/nothing")),
        "an old form": text(client.post("/verify/consent?", {})),
    }
    agree(client)
    pages["photo"] = text(client.get("/verify/document"))
    pages["not a photo"] = text(give_photo(client, b"not a photo"))
    give_photo(client)
    pages["video"] = text(client.get("/verify/capture"))
    pages["elsewhere"] = text(opened(invitation).get("/verify/"))
    pages["other case"] = text(client.get("/verify/capture?case=other"))
    invitation.verification.refresh_from_db()
    cancel.cancel(invitation.verification, reason="other", by=audit.By.shell(), now=NOW)
    pages["ended"] = text(client.get("/verify/status"))
    return pages


def test_every_page_of_the_way_names_the_installation(road: Road) -> None:
    invitation = road.invitation(now=NOW)
    pages = walk(opened(invitation), invitation)
    assert [page for page, content in pages.items() if not names(content, OURS)] == []


def test_every_page_of_a_client_with_a_brand_names_that_one(road: Road, system: ApiClient) -> None:
    invitation = road.invitation(now=NOW, client=system)
    pages = walk(opened(invitation), invitation)
    assert [page for page, content in pages.items() if not names(content, THEIRS)] == []
    assert [page for page, content in pages.items() if "Example Bank" in content] == []


@pytest.mark.parametrize("path", ["/nowhere", "/v/unknown", "/verify/", "/verify/consent", "/%00"])
def test_pages_without_a_case_name_the_installation(db: None, path: str) -> None:
    assert names(text(Client().get(path, follow=True)), OURS)


def test_a_failure_names_the_organisation_without_the_database(
    road: Road, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = opened(road.invitation(now=NOW))
    client.raise_request_exception = False
    monkeypatch.setattr("verification.links.read_session", lambda cookie: 1 / 0)
    page = client.get("/verify/")
    assert page.status_code == 500
    assert names(text(page), OURS)


def test_logo_and_colours_of_a_brand_are_on_its_pages_and_are_kept_by_browsers(
    road: Road, system: ApiClient
) -> None:
    page = text(opened(road.invitation(now=NOW, client=system)).get("/verify/consent"))
    found = re.findall(r'(?:src|href)="(/brand/[^"]+)"', page)
    assert [path.rpartition(".")[2] for path in found] == ["css", "logo"]
    for path, kind in zip(found, ("text/css; charset=utf-8", "image/png"), strict=True):
        answer = Client().get(path)
        assert answer.headers["Content-Type"] == kind
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert "#0b3d91" in text(Client().get(found[0]))


def test_the_installations_logo_is_served_as_it_is(db: None, settings: Any, tmp_path: Any) -> None:
    path = tmp_path / "logo"
    path.write_bytes(logo(kind="JPEG"))
    settings.ORGANISATION_LOGO, settings.ORGANISATION_COLOUR = str(path), "#0b3d91"
    page = text(Client().get("/nowhere"))
    (address,) = re.findall(r'src="(/brand/[^"]+)"', page)
    answer = Client().get(address)
    assert (answer.headers["Content-Type"], answer.content) == ("image/jpeg", path.read_bytes())
    assert f"/brand/{stylesheet.name('#0b3d91')}" in page


@pytest.mark.parametrize(
    "name", ["0123456789abcdef.logo", ".logo", "%25.logo", "0b3d91.css", "x", "..", "ffd400.0.css"]
)
def test_no_other_file_is_served(system: ApiClient, name: str) -> None:
    assert Client().get(f"/brand/{name}").status_code == 404


# The words that people agree to


def test_the_text_says_who_asks_on_what_basis_and_whom_to_ask(road: Road, system: ApiClient) -> None:
    page = re.sub(
        r"<[^>]+>", "", text(opened(road.invitation(now=NOW, client=system)).get("/verify/consent"))
    )
    for words in (
        "Second Bank asks you to show who you are.",
        "The law against money laundering",
        "second.example/privacy",
        "data@second.example",
        "+1 (201) 555-0123",
    ):
        assert words in page


@pytest.mark.parametrize(
    ("detail", "other"),
    [
        ("name", "Third Bank"),
        ("contact", "help@third.example"),
        ("legal_basis", "Your consent"),
        ("privacy_notice", "https://third.example"),
        ("data_protection_contact", "data@third.example"),
    ],
)
def test_another_detail_makes_another_text(road: Road, operator: StaffUser, detail: str, other: str) -> None:
    brand = made(operator)
    client = opened(road.invitation(now=NOW, client=client_of(operator, brand)))
    read = shown_hash(client)
    changed = {**DETAILS, detail: other}
    action.change(brand, changed, seen_at=action.seen(brand), logo=None, by=operator, acting_as=BY, now=NOW)
    answer = client.post("/verify/consent", {"answer": "agree", "agree": "yes", "text_sha256": read})
    assert (answer.status_code, Consent.objects.count()) == (422, 0)
    assert shown_hash(client) != read


@pytest.mark.parametrize("give", [True, False])
def test_the_very_words_are_kept_once_behind_the_hash_of_each_answer(road: Road, give: bool) -> None:
    for _ in range(2):
        client = opened(road.invitation(now=NOW))
        answer = {"answer": "agree" if give else "refuse", "agree": "yes", "text_sha256": shown_hash(client)}
        client.post("/verify/consent", answer)
    kept = ConsentText.objects.get()
    assert {answer.text_sha256 for answer in Consent.objects.all()} == {kept.sha256}
    assert hashlib.sha256(kept.text.encode()).hexdigest() == kept.sha256
    assert (kept.version, kept.locale, kept.organisation) == (VERSION, "en", "Example Bank")
    assert "Example Bank asks you to show who you are." in kept.text
    assert kept.text.endswith("to check my identity.")


def test_kept_words_never_change(road: Road) -> None:
    road.consented()
    for statement in (
        "UPDATE verification_consenttext SET text = 'x'",
        "DELETE FROM verification_consenttext",
    ):
        with (
            pytest.raises(DatabaseError, match="append-only"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)


def test_what_an_organisation_is_called_is_shown_as_text(road: Road, operator: StaffUser) -> None:
    hostile = "<img src=x onerror=alert(1)> {organisation} %(name)s {{ 7 }} \"' שלום 🏦 & Sons"
    brand = made(operator, name=hostile, legal_basis=hostile)
    page = text(opened(road.invitation(now=NOW, client=client_of(operator, brand))).get("/verify/consent"))
    assert "<img src=x" not in page
    escaped = hostile.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    escaped = escaped.replace('"', "&quot;").replace("'", "&#x27;")
    assert page.count(f"<bdi>{escaped}</bdi>") >= 4
    assert hostile in consent_text(road.invited().policy, of_brand(brand)).text


# What a brand may be, and who makes one


@pytest.mark.parametrize(
    ("detail", "unfit"),
    [
        ("name", ""),
        ("name", " . "),
        ("name", "B" * 101),
        ("name", "Bank\u202elive"),
        ("name", "Ba\u200bnk"),
        ("name", "Bank\nTwo"),
        ("legal_basis", "b" * 301),
        ("contact", "javascript:alert(1)"),
        ("contact", "a@b.example?bcc=c@d.example"),
        ("contact", "0201 555"),
        ("privacy_notice", "http://second.example"),
        ("privacy_notice", 'https://second.example" onclick="x'),
        ("privacy_notice", "https://user:secret@second.example"),
        ("data_protection_contact", "ask us"),
        ("colour", "#ffd400"),
        ("colour", "red"),
    ],
)
def test_an_unfit_detail_is_refused_by_its_name(operator: StaffUser, detail: str, unfit: str) -> None:
    with pytest.raises(UnfitDetails) as refused:
        action.create({**DETAILS, detail: unfit}, logo=None, by=operator, acting_as=BY, now=NOW)
    assert list(refused.value.problems) == [detail]
    assert Brand.objects.count() == 0


def test_only_operators_make_change_and_give_brands(staff: Staff, operator: StaffUser) -> None:
    brand = made(operator)
    for group in ("Reviewer", "Senior reviewer", "Auditor"):
        how: dict[str, Any] = {"by": staff(group), "acting_as": BY, "now": NOW}
        with pytest.raises(permissions.Denied):
            action.create({**DETAILS, "name": "x1"}, logo=None, **how)
        with pytest.raises(permissions.Denied):
            action.change(brand, DETAILS, seen_at=action.seen(brand), logo=None, **how)
        with pytest.raises(permissions.Denied):
            action.assign([], brand, **how)


def test_the_trail_has_what_a_brand_said_and_who_shows_it(operator: StaffUser, system: ApiClient) -> None:
    brand = Brand.objects.get()
    changed = {**DETAILS, "colour": ""}
    action.change(brand, changed, seen_at=action.seen(brand), logo=None, by=operator, acting_as=BY, now=NOW)
    action.assign([system], None, by=operator, acting_as=BY, now=NOW)
    created, given, edited, taken = AuditEvent.objects.order_by("pk")
    assert (created.kind, created.data["name"], created.data["logo"]) == (
        "brand.created",
        "Second Bank",
        brand.logo_id,
    )
    assert (given.kind, given.subject_id, given.data) == (
        "api_client.brand_assigned",
        system.public_id,
        {"brand": brand.public_id},
    )
    assert (edited.kind, edited.data["fields"]) == ("brand.changed", ["colour"])
    assert taken.data == {"brand": ""}


def test_an_edit_of_what_somebody_else_has_changed_is_refused(operator: StaffUser) -> None:
    brand = made(operator)
    with pytest.raises(action.BrandChanged):
        action.change(brand, DETAILS, seen_at="earlier", logo=None, by=operator, acting_as=BY, now=NOW)


def test_a_logo_is_made_anew_and_the_old_one_goes_with_its_last_brand(operator: StaffUser) -> None:
    brand = made(operator, picture=logo(3000, 1000))
    (first,) = Logo.objects.all()
    assert (first.width, first.height) == (432, 144)
    how: dict[str, Any] = {"by": operator, "acting_as": BY, "now": NOW}
    action.change(brand, DETAILS, seen_at=action.seen(brand), logo=logo(kind="JPEG"), **how)
    assert not Logo.objects.filter(pk=first.pk).exists()
    brand.refresh_from_db()
    action.change(brand, DETAILS, seen_at=action.seen(brand), logo=None, drop_logo=True, **how)
    assert Logo.objects.count() == 0


def test_the_installation_is_the_organisation_where_there_is_no_brand(
    road: Road, operator: StaffUser
) -> None:
    brand = made(operator)
    client = client_of(operator, brand)
    plain = ApiClient.objects.create(name="plain", created_at=NOW)
    assert of(road.invited(client=client)).name == "Second Bank"
    assert of(road.invited(client=plain)) == installation()
    assert of(road.invited()) == installation()


@pytest.mark.parametrize("name", ["Second Bank", "Zweite Bank für Alle, <Berlin>", "第二銀行"])
def test_an_e_mail_comes_from_the_brand_by_the_installations_address(
    road: Road, staff: Staff, operator: StaffUser, settings: Any, name: str
) -> None:
    settings.EMAIL_FROM = "Example Bank <no-reply@bank.example>"
    messaging.telling(staff, "invitation")
    with MailServer() as server:
        settings.EMAIL = server.settings()
        road.invited(email="a@example.org", client=client_of(operator, made(operator, name=name)))
        road.invited(email="b@example.org")
        messaging.send()
    senders = [taken.email["From"].addresses[0] for taken in server.taken]
    assert [each.display_name for each in senders] == [name, "Example Bank"]
    assert {each.addr_spec for each in senders} == {"no-reply@bank.example"}
