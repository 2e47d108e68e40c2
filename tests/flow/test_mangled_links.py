"""Links as mail programs, chats and people mangle them: they open, guessing is no easier, no log shows the token."""

import secrets
from urllib.parse import quote

import pytest
from django.test import Client

from kyc_portal import redaction
from tests.conftest import Road
from tests.flow import canaries
from verification import links
from verification.actions.invite import Invitation

pytestmark = pytest.mark.usefixtures("clock")

# What was around the link in the message, and was taken into it.
BEHIND = (
    *".,;:!)]}>|*_'\"=/\\`~",
    *(" ", "\n", "\r\n", "\t", "\u00a0", "\u200b", "\u2060", "\ufeff", "\u00ad", "\u202f", "\u3000"),
    *("…", "。", "、", "»", "”", "’", ")", "»."),
    *("**", "__", "_*", ").", ">.", '">', "</a>", "<br>", "]]", "=20", "=\r\n", "/.", "//", "/?", "%", "%2"),
    *(
        "&amp;utm_source=mail",
        "&utm_source=mail&fbclid=IwAR0",
        "?utm_source=mail",
        ";jsessionid=1",
        "&gt;",
        "&nbsp;",
        "&#8203;",
    ),
    *("(https://verify.example.com/v/…)", "|https://verify.example.com", "&data=05%7C02%7C" + "x" * 90),
)
BEFORE = (" ", "/", "<", '"', "\u200b", "_", "*", "(", "=3D", "&lt;", "//")
WITHIN = (
    "\n",
    "\r\n",
    " ",
    "=\n",
    "=\r\n",
    "=",
    "\n> ",
    "\n>> ",
    "\n    ",
    "\u200b",
    "\u00ad",
    "\u2028",
    "%0A",
    "%20",
    "&#8203;",
)
DASH = "\u2014"
FIXED_PART = (
    "/V/{}",
    "//v/{}",
    "/v//{}",
    "/v/./{}",
    "/ v/{}",
    "/v /{}",
    "/\u200bv/{}",
    "/v=\n/{}",
    "/.//V//{}",
)


def of_every_kind(token: str) -> dict[str, str]:
    """Paths, not yet encoded, by what was done to them."""
    return {
        **{f"behind {text!r}": f"/v/{token}{text}" for text in BEHIND},
        **{f"before {text!r}": f"/v/{text}{token}" for text in BEFORE},
        **{
            f"within {text!r} at {at}": f"/v/{token[:at]}{text}{token[at:]}"
            for text in WITHIN
            for at in (1, 21, 42)
        },
        **{
            f"folded twice {text!r}": f"/v/{token[:9]}{text}{token[9:30]}{text}{token[30:]}"
            for text in WITHIN
        },
        **{form: form.format(token) for form in FIXED_PART},
        **{f"hyphens as {sign!r}": f"/v/{token.replace('-', sign)}" for sign in "\u2010\u2011\u2013\u2212"},
        "two hyphens as a dash": f"/v/{token.replace('--', DASH)}",
        "folded, with more behind": f"/v/{token[:20]}=\n{token[20:]}&utm_source=mail",
        "all letters encoded": f"/v/{''.join(f'%{ord(each):02X}' for each in token)}",
    }


@pytest.fixture
def invitation(road: Road, monkeypatch: pytest.MonkeyPatch) -> Invitation:
    """Its token has hyphens and underscores wherever they are hardest to tell from what is around."""
    token = secrets.token_hex(16)
    with monkeypatch.context() as patch:
        patch.setattr(links, "new_token", lambda: f"_-{token}--x-y__z-")
        return road.invitation()


def opens(path: str) -> bool:
    # With the host: the client would take what follows two slashes for one.
    return Client().get(f"http://testserver{path}").status_code == 302


@pytest.mark.parametrize("rounds", [1, 2, 3])
def test_a_mangled_link_opens_however_often_it_was_encoded(invitation: Invitation, rounds: int) -> None:
    token = invitation.link[-links.TOKEN_LENGTH :]
    closed = []
    for kind, path in of_every_kind(token).items():
        fixed, slash, typed = path.partition("/v/")
        for _ in range(rounds - 1):
            typed = quote(typed)
        if not opens(quote(fixed + slash + typed)):
            closed.append(kind)
    assert closed == []


def test_what_a_mail_program_puts_behind_a_question_mark_does_not_matter(invitation: Invitation) -> None:
    path = f"/v/{invitation.link[-43:]}"
    assert all(opens(path + query) for query in ("?", "?utm_source=x&fbclid=1", "?.", "?)", "?%00x"[:2]))


def test_what_is_not_the_whole_token_opens_nothing(invitation: Invitation) -> None:
    token = invitation.link[-43:]
    other = "A" * 43
    wrong = (
        token[:-1],
        token[1:],
        token.swapcase(),
        token[::-1],
        f"{token[:20]}A{token[21:]}",
        f"{token[:20]}A{token[20:]}",
    )
    assert not any(opens(f"/v/{text}") for text in wrong)
    assert not opens(f"/v/{other}{token}{other}"), "a long address tries no more than its two ends"
    assert not opens(f"/v/{other}.{token}.{other}"), "nor each of its parts"


@pytest.mark.django_db
def test_an_address_costs_one_look_at_most(django_assert_max_num_queries) -> None:
    for path in (
        f"/v/{'A' * 3000}",
        f"/v/{'=.' * 1500}",
        "/v/" + quote("&#8203;" * 400),
        f"/v/{'%25' * 900}20",
        "/v/" + "A." * 1500,
        "/v/" + quote("&#") + "1" * 5000,
    ):
        with django_assert_max_num_queries(1):
            assert not opens(path)


def test_the_page_that_asks_answers_at_the_mangled_address_too(road: Road, invitation: Invitation) -> None:
    client = Client()
    client.get(road.invitation().link.removeprefix("http://testserver"))
    path = quote(f"/V/{invitation.link[-43:]}.")
    asked = client.get(path)
    assert (asked.status_code, asked.headers["Referrer-Policy"]) == (200, "strict-origin")
    assert client.post(path).headers["Location"] == "/verify/?opened=1"


@pytest.mark.parametrize(
    "line",
    [
        "Not Found: {}",
        "Forbidden (Origin): {}",
        '- "GET {} HTTP/1.1" 404 9 "-" "x"',
        "Error handling request {}",
    ],
)
def test_no_line_of_a_request_shows_a_part_of_a_mangled_token(line: str) -> None:
    shown = {}
    for kind, path in of_every_kind(canaries.TOKEN).items():
        for address in (path, quote(path), quote(quote(path))):
            told = redaction.text(line.format(address))
            if found := canaries.found_in(told):
                shown[kind] = (told, found)
    assert shown == {}


@pytest.mark.parametrize(
    "line", ["see https://verify.example.com{}", "Referer: https://verify.example.com{} and so on"]
)
def test_elsewhere_no_half_of_a_mangled_token_is_shown(line: str) -> None:
    shown = {}
    for kind, path in of_every_kind(canaries.TOKEN).items():
        for address in (path, quote(path), quote(quote(path))):
            told = redaction.text(line.format(address))
            if any(
                canaries.TOKEN[at : at + redaction.MIN_PART] in told for at in range(43 - redaction.MIN_PART)
            ):
                shown[kind] = told
    assert shown == {}
