"""The URLs of the applicant's pages. Only the link holds a token; all others hold no personal data."""

from django.urls import path, re_path

from verification.pages import (
    capture,
    consent,
    document,
    front_page,
    link,
    photo_advice,
    recording,
    status,
)

app_name = "pages"
urlpatterns = [
    path("", front_page.page, name="front_page"),
    path("v/<path:token>", link.open_link, name="link"),
    # The same as people and mail programs mangle it: /V/…, //v/…, /%20v/…, or with a line's end in it.
    re_path(r"^[^A-Za-z0-9]*[vV][^A-Za-z0-9]*/(?P<token>[\s\S]+)\Z", link.open_link, name="mangled_link"),
    path("verify/", link.home, name="home"),
    path("verify/take-over", link.take_over, name="take_over"),
    path("verify/consent", consent.page, name="consent"),
    path("verify/document", document.page, name="document"),
    path("verify/document/advice", photo_advice.page, name="photo_advice"),
    path("verify/document/photo", photo_advice.photo, name="photo"),
    path("verify/capture", capture.page, name="capture"),
    path("verify/challenge", capture.challenge, name="challenge"),
    path("verify/recording", recording.whole, name="recording"),
    path("verify/recording/parts", recording.part, name="recording_parts"),
    path("verify/status", status.page, name="status"),
    path("verify/status.json", status.poll, name="status_json"),
]
