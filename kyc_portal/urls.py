"""Every address of the portal but the health probes (`probes`)."""

from django.conf import settings
from django.urls import include, path

from verification.operations import csp_reports, security_txt
from verification.pages import brand_files
from verification.review.site import site

urlpatterns = [
    # Before the applicants' pages: its front page takes the place of theirs.
    *([path("", include("kyc_portal.sandbox.urls"))] if settings.DEMO else []),
    path("", include("verification.pages.urls")),
    # Before the stock site, which has its own sign-in, sign-out and password pages at these addresses.
    path("admin/", include("verification.review.sign_in.urls")),
    path("admin/", site.urls),
    path("api/", include("verification.api.urls")),
    path("brand/<str:name>", brand_files.file, name="brand_file"),
    path("csp-report", csp_reports.receive, name="csp_report"),
    path(".well-known/security.txt", security_txt.page, name="security_txt"),
]

handler400 = "verification.pages.errors.bad_request"
handler403 = "verification.pages.errors.forbidden"
handler404 = "verification.pages.errors.not_found"
handler429 = "verification.review.sign_in.locked_pages.too_many_page"
handler500 = "verification.pages.errors.server_error"
