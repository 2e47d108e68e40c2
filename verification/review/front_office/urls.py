"""The addresses of the front office's pages."""

from django.urls import URLPattern, path

from verification.review.front_office import acts, files, page
from verification.review.page import Site


def urls(site: Site) -> list[URLPattern]:
    """The addresses to put on the staff site."""
    one, file = "invitations/<slug:public_id>", "invitation-files/<slug:public_id>"
    return [
        path("invitations/", site.page(page.invitations), name="invitations"),
        path("invitations/find", site.page(page.find), name="find_invitation"),
        path("invitations/found", site.page(page.found_invitations), name="found_invitations"),
        path("invitations/new", site.page(acts.new_invitation), name="new_invitation"),
        path(f"{one}/", site.page(page.invitation), name="invitation"),
        path(f"{one}/link", site.page(acts.new_link), name="new_link"),
        path(f"{one}/send", site.page(acts.send_link), name="send_link"),
        path(f"{one}/revoke", site.page(acts.revoke), name="revoke_link"),
        path("invitation-files/", site.page(files.files), name="invitation_files"),
        path("invitation-files/new", site.page(files.new_file), name="new_invitation_file"),
        path(f"{file}/", site.page(files.file), name="invitation_file"),
        path(f"{file}/problems", site.page(files.problems), name="problems_of_file"),
        path(f"{file}/confirm", site.page(files.confirm), name="confirm_file"),
        path(f"{file}/drop", site.page(files.drop), name="drop_file"),
        path(f"{file}/links", site.page(files.make_links), name="links_of_file"),
    ]
