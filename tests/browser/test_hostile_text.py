"""Stored XSS payloads: every staff page shows them as text, to a senior, an auditor and an operator."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from playwright.sync_api import Browser, Error, expect

from tests.browser.conftest import Portal, copy_of, running, sign_in
from tests.browser.desk import claim_open_case
from tests.browser.hostile import PAYLOADS
from tests.browser.staff_pages import ROLES, links_on, new_pages
from verification.permissions.addresses import RECORDS

FILL = "from tests.browser.hostile import fill; fill()"
SITE = "Example Bank"
HANDLERS = "[onload], [onerror], [onfocus], [onmouseover], [onbegin], [ontoggle], [onstart]"
WATCH = """
addEventListener("securitypolicyviolation", (event) => {
  (window.reports ||= []).push(`${event.violatedDirective} ${event.blockedURI}`);
});
"""
# Counts the effects that a payload must not have.
EFFECTS = """(handlers) => ({
  ran: window.ran ?? null,
  reports: window.reports ?? [],
  bad: [...document.querySelectorAll("[data-bad]")].map((each) => each.outerHTML.slice(0, 200)),
  links: [...document.querySelectorAll("[href], [action], [src]")]
    .flatMap((each) => ["href", "action", "src"].map((name) => each.getAttribute(name) ?? ""))
    .filter((to) => {
      const url = new URL(to, document.baseURI);
      return url.host !== location.host && !to.startsWith("data:image/");
    }),
  handlers: document.querySelectorAll(handlers).length,
  computed: document.body.innerText.includes("54439"),
})"""
CLEAN = {"ran": None, "reports": [], "bad": [], "links": [], "handlers": 0, "computed": False}
# The same for pages that are fetched and parsed but not opened, which is faster. A `text` goes to the search box.
READ = """async ([asked, handlers, site]) => {
  const found = {}, left = [...asked], token = document.querySelector("[name=csrfmiddlewaretoken]").value;
  const read = async ({path, text}) => {
    const form = new URLSearchParams({csrfmiddlewaretoken: token, q: text});
    const answer = await fetch(path, text === undefined ? {} : {method: "POST", body: form});
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const bad = page.querySelectorAll(`[data-bad], [href^="javascript:" i], ${handlers}`).length;
    const computed = page.body.textContent.includes("54439");
    if (bad || computed || answer.status !== 200 || !page.title.endsWith(site)) {
      found[`${path} ${text ?? ""}`] = [answer.status, page.title, bad];
    }
  };
  const reader = async () => { while (left.length) await read(left.pop()); };
  await Promise.all([reader(), reader(), reader(), reader()]);
  return found;
}"""


@pytest.fixture(scope="module")
def hostile(demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    """A portal with the demo's cases and the hostile ones."""
    with running(copy_of(demo, tmp_path_factory.mktemp("hostile"))) as own:
        own.manage("shell", "--no-imports", "-c", FILL)
        yield own


class Desk:
    """A staff member's browser; it collects console errors and dialogs."""

    def __init__(self, browser: Browser, portal: Portal, username: str) -> None:
        # The sessions page shows the user agent.
        self.context = browser.new_context(user_agent=f"Firefox/1 {PAYLOADS[5]}")
        self.context.add_init_script(WATCH)
        self.page, self.portal = self.context.new_page(), portal
        self.faults: list[str] = []
        self.page.on("dialog", self._dismiss)
        self.page.on("pageerror", lambda error: self.faults.append(f"{self.page.url}: {error}"))
        self.page.on("console", self._note)
        self.page.on("request", self._note_request)
        sign_in(self.page, portal, username)

    def _dismiss(self, dialog: Any) -> None:
        self.faults.append(f"{self.page.url}: dialog {dialog.message}")
        dialog.dismiss()

    def _note(self, message: Any) -> None:
        if message.type == "error" and "Failed to load resource" not in message.text:
            self.faults.append(f"{self.page.url}: {message.text}")

    def _note_request(self, request: Any) -> None:
        if "evil.example" in urlsplit(request.url).netloc:
            self.faults.append(f"{self.page.url}: asked {request.url}")

    def open(self, path: str) -> None:
        """Opens the page and checks that no payload changed it."""
        self.page.goto(self.portal.url + path)
        self.look()

    def look(self) -> None:
        try:
            effects, title = self.page.evaluate(EFFECTS, HANDLERS), self.page.title()
        except Error as led_away:
            self.faults.append(f"{self.page.url}: {led_away}")
        else:
            if effects != CLEAN or not title.endswith(SITE):
                self.faults.append(f"{self.page.url}: {title} {effects}")

    def read(self, *asked: dict[str, str]) -> None:
        found = self.page.evaluate(READ, [asked, HANDLERS, SITE])
        self.faults += [f"{page}: {what}" for page, what in found.items()]


@pytest.fixture(scope="module")
def desk(hostile: Portal, browser: Browser) -> Iterator[Callable[[str], Desk]]:
    """The desks by role; each signs in once."""
    desks: dict[str, Desk] = {}

    def of(role: str) -> Desk:
        if role not in desks:
            desks[role] = Desk(browser, hostile, role)
        desks[role].faults.clear()
        return desks[role]

    yield of
    for each in desks.values():
        each.context.close()


@pytest.mark.parametrize("role", ROLES)
def test_hostile_text_stays_text_on_every_staff_page(desk: Callable[[str], Desk], role: str) -> None:
    own, lists = desk(role), [f"/admin/verification/{record.model}/" for record in RECORDS]
    records: list[str] = []
    for path in new_pages(role):
        own.open(path)
        if path in lists:
            rows = [link for link in links_on(own.page, path) if link.endswith("/change/")]
            assert rows, path
            own.open(rows[-1])
            # A few records of each kind, different ones for each role.
            records += rows[lists.index(path) % 4 :: 4]
    own.read(*({"path": path} for path in records))
    assert own.faults == []


def test_hostile_text_stays_text_on_the_pages_of_every_case(
    hostile: Portal, desk: Callable[[str], Desk]
) -> None:
    script = (
        "from verification.models import Verification as V; print(*V.objects.filter("
        "status='in_review').order_by('-pk').values_list('public_id', flat=True))"
    )
    cases = hostile.manage("shell", "--no-imports", "-c", script).split()[: len(PAYLOADS)]
    own = desk("senior")
    assert len(cases) == len(PAYLOADS) >= 40
    for case in cases:
        own.open(f"/admin/case/{case}/")
    claim_open_case(own.page)
    own.look()
    own.page.locator("#purpose").select_option("contact")
    own.page.get_by_role("button", name="Show").click()
    expect(own.page.get_by_text("It was recorded that you saw")).to_be_visible()
    own.look()
    assert own.faults == []


def test_hostile_text_that_somebody_types_stays_text(desk: Callable[[str], Desk]) -> None:
    """Text that a page echoes: a search, a filter's name, a threshold."""
    own = desk("senior")
    own.open("/admin/")
    for path in ("codes/?q=", "figures/?days=30&at=", "queue/?view=", "queue/?band=", "queue/?after="):
        own.open(f"/admin/{path}{quote(' '.join(PAYLOADS[30:45]))}")
        own.read(*({"path": f"/admin/{path}{quote(text)}"} for text in PAYLOADS[::6]))
    own.read(*({"path": "/admin/search", "text": text} for text in PAYLOADS))
    for text in PAYLOADS[31:35]:
        own.open("/admin/")
        own.page.locator("#find").fill(text)
        with own.page.expect_navigation():
            own.page.locator("#find").press("Enter")
        own.look()
    assert own.faults == []
