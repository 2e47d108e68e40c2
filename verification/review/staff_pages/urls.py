"""The addresses of the staff pages."""

from functools import partial

from django.urls import URLPattern, path

from verification.review.page import Site
from verification.review.sign_in import fresh
from verification.review.staff_pages import acts, member, page

_fresh = partial(fresh, methods={"POST"}, back="admin:staff")


def urls(site: Site) -> list[URLPattern]:
    """The addresses to put on the staff site."""
    change = "staff/changes/<slug:public_id>"
    return [
        path("verification/staffuser/", site.page(page.from_stock_list), name="stock_staff"),
        path(
            "verification/staffuser/<int:number>/change/",
            site.page(page.from_stock_page),
            name="stock_member",
        ),
        path("staff/", site.page(page.staff), name="staff"),
        path("staff/appoint", site.page(acts.appoint), name="appoint"),
        path("staff/changes/", site.page(page.changes), name="staff_changes"),
        path("staff/seen", site.page(acts.seen), name="staff_seen"),
        path("staff/<int:number>/", site.page(member.member), name="staff_member"),
        path("staff/<int:number>/propose", site.page(acts.propose), name="propose_change"),
        path("staff/<int:number>/at-once", site.page(_fresh(acts.at_once)), name="staff_at_once"),
        path(f"{change}/confirm", site.page(_fresh(acts.confirm)), name="confirm_change"),
        path(f"{change}/stop", site.page(acts.stop), name="stop_change"),
        path(f"{change}/hand-out", site.page(_fresh(acts.hand_out)), name="hand_out"),
    ]
