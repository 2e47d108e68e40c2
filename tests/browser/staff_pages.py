"""The pages of the staff site that each role may open."""

from playwright.sync_api import Page

from verification.permissions.addresses import ADDRESSES

# By role: the rights of the table `addresses` that let it open pages.
ROLES = {
    "senior": {"view_queue", "view_case", "view_dashboard", "view_policy", "change_policy", "view_operations"}
    | {"view_trail", "view_staff", "view_messages", "trace", "staff"},
    "auditor": {"view_case", "view_dashboard", "view_policy", "view_operations", "view_trail", "view_staff"}
    | {"export", "statistics", "staff"},
    "operator": {"view_dashboard", "view_policy", "view_operations", "view_staff", "manage_staff", "staff"}
    | {"manage_brands", "invite", "manage_clients", "trace"},
    "frontoffice": {"invite", "staff"},
}
# Addresses that are no pages: redirects, files and scripts. Signing out would end the test.
NO_PAGES = (
    "logout/",
    "password_change/",
    "jsi18n/",
    "download",
    "evidence/",
    "no-password/",
    "trail/find",
    "trail/keys",
)


def pages(role: str) -> list[str]:
    """The pages without an id in their address that this role may open."""
    return [
        f"/admin/{address.path}"
        for address in ADDRESSES
        if address.get in ROLES[role]
        and "<" not in address.path
        and not any(no in address.path for no in NO_PAGES)
    ]


def new_pages(role: str) -> list[str]:
    """The pages that no earlier role in ROLES may open, and the board, which differs by role."""
    before = {path for other in list(ROLES)[: list(ROLES).index(role)] for path in pages(other)}
    return [path for path in pages(role) if path not in before or path == "/admin/"]


def links_on(page: Page, path: str) -> list[str]:
    """The addresses below `path` that an open page links to."""
    found = page.eval_on_selector_all("a[href]", "links => links.map((link) => link.pathname)")
    return sorted({link for link in found if link.startswith(path)})
