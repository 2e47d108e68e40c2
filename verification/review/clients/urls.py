"""The addresses of the pages of API clients."""

from functools import partial

from django.urls import URLPattern, path

from verification.review.clients import acts, page
from verification.review.page import Site
from verification.review.sign_in import fresh

_fresh = partial(fresh, methods={"POST"}, back="admin:clients")


def urls(site: Site) -> list[URLPattern]:
    """The addresses to put on the staff site."""
    one = "clients/<slug:public_id>"
    return [
        path("clients/", site.page(page.clients), name="clients"),
        path("clients/new", site.page(acts.new_client), name="new_client"),
        path(f"{one}/", site.page(page.client), name="client"),
        path(f"{one}/key", site.page(_fresh(acts.new_key)), name="new_key"),
        path(f"{one}/keys/<int:number>/revoke", site.page(_fresh(acts.revoke_key)), name="revoke_key"),
        path(f"{one}/switch", site.page(_fresh(acts.switch)), name="switch_client"),
    ]
