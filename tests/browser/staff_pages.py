"""The staff site in a browser: who may open which page."""

from playwright.sync_api import Page

from verification.permissions.addresses import ADDRESSES

# Of each role, the rights of the table whose pages it opens.
ROLES = {
    "senior": {"view_queue", "view_case", "view_dashboard", "view_policy", "change_policy", "view_operations"}
    | {"view_trail", "view_staff", "staff"},
    "auditor": {"view_case", "view_dashboard", "view_policy", "view_operations", "view_trail", "view_staff"}
    | {"export", "staff"},
    "operator": {"view_dashboard", "view_policy", "view_operations", "view_staff", "manage_staff", "staff"},
}
# No pages: they lead on, or are files and scripts; signing out ends the test.
NO_PAGES = ("logout/", "password_change/", "jsi18n/", "download", "evidence/", "no-password/")


def pages(role: str) -> list[str]:
    """The addresses of the table that have no id in them and are pages this role may open."""
    return [
        f"/admin/{address.path}"
        for address in ADDRESSES
        if address.get in ROLES[role]
        and "<" not in address.path
        and not any(no in address.path for no in NO_PAGES)
    ]


def new_pages(role: str) -> list[str]:
    """Those that the roles before it may not open, and the board, which is another one for each."""
    before = {path for other in list(ROLES)[: list(ROLES).index(role)] for path in pages(other)}
    return [path for path in pages(role) if path not in before or path == "/admin/"]


def links_on(page: Page, path: str) -> list[str]:
    """The addresses below `path` that an open page links to."""
    found = page.eval_on_selector_all("a[href]", "links => links.map((link) => link.pathname)")
    return sorted({link for link in found if link.startswith(path)})
