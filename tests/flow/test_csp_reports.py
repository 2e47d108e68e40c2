"""Reports of the content security policy: counted within bounds, and little of what a stranger wrote is kept."""

import json
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import resolve

from tests.conftest import NOW
from tests.time_limit import within
from verification.actions import csp_report
from verification.actions.csp_report import Violation
from verification.models import CspReport
from verification.operations import csp_reports

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("an_hour_later")]
OLD, NEW = "application/csp-report", "application/reports+json"
TOKEN = "Abc-123_" * 5 + "xyz"


def send(body: Any, kind: str = OLD, **options: Any) -> Any:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Client(enforce_csrf_checks=True).post("/csp-report", raw, content_type=kind, **options)


def old(
    page: str = "/verify/consent",
    blocked: str = "https://evil.example/x?y=1",
    directive: str = "script-src-elem",
) -> Any:
    address = page if "://" in page else f"http://testserver{page}"
    return {"csp-report": {"document-uri": address, "effective-directive": directive, "blocked-uri": blocked}}


def new(*bodies: dict[str, str]) -> Any:
    return [
        {"type": "csp-violation", "age": 1, "url": "x", "user_agent": "x", "body": body} for body in bodies
    ]


def counted() -> list[tuple[str, str, str, int]]:
    return list(CspReport.objects.values_list("directive", "page", "blocked", "count"))


def test_both_forms_of_a_report_are_counted_together() -> None:
    assert send(old()).status_code == 204
    body = {
        "documentURL": "http://testserver/verify/consent",
        "effectiveDirective": "script-src-elem",
        "blockedURL": "https://evil.example/z",
        "sample": "secret",
    }
    assert send(new(body, body), NEW).status_code == 204
    assert counted() == [("script-src-elem", "verify/consent", "https://evil.example", 3)]


@pytest.mark.parametrize(
    ("page", "pattern"),
    [
        (f"/v/{TOKEN}", "v/<path:token>"),
        (f"/V/{TOKEN}", resolve("/V/x").route),
        (f"/verify/status?t={TOKEN}#x", "verify/status"),
        (f"/admin/case/ver_{'a' * 24}/", "admin/case/<slug:public_id>/"),
        ("/<script>alert(1)</script>", ""),
    ],
)
def test_a_page_is_kept_as_the_pattern_of_its_address(page: str, pattern: str) -> None:
    send(old(page))
    assert counted() == [("script-src-elem", pattern, "https://evil.example", 1)]


@pytest.mark.parametrize(
    ("blocked", "kept"),
    [
        ("inline", "inline"),
        ("eval", "eval"),
        (f"https://evil.example:8443/v/{TOKEN}?q=1#f", "https://evil.example:8443"),
        ("wss://evil.example/x", "wss://evil.example"),
        ("data:text/html,<b>", "data"),
        ("chrome-extension://abcdefgh/x.js", "chrome-extension"),
        ("https://user:password@evil.example/", "https"),
        ("https://<b>x</b>/", "https"),
        ("https://" + "a" * 300, "https"),
        ("<script>", "other"),
        ("https://[", "other"),
        ("", "other"),
    ],
)
def test_what_was_blocked_is_kept_as_an_origin(blocked: str, kept: str) -> None:
    send(old(blocked=blocked))
    assert counted()[0][2] == kept


def test_a_directive_that_is_not_ours_is_another() -> None:
    send(old(directive="<b>x</b>"))
    assert counted()[0][0] == "other"


@pytest.mark.parametrize(
    "page", ["https://elsewhere.example/verify/consent", "about:blank", "http://[", "//x"]
)
def test_pages_of_others_are_not_counted(page: str) -> None:
    report = old()
    report["csp-report"]["document-uri"] = page
    assert send(report).status_code == 204
    assert counted() == []


@pytest.mark.parametrize("kind", [OLD, NEW])
@pytest.mark.parametrize(
    "body",
    [b"{", b"null", b"[]", b"[1]", b'{"csp-report":[]}', b'[{"type":"x","body":{}}]', b'[{"type":"csp-violation"}]',
     b'{"a":1,"a":2}', b"[" * 9000, b"\xff", b'{"csp-report":{"document-uri":{"a":1}}}', b'[],"reports":[]'],
)  # fmt: skip
def test_what_no_browser_sends_is_dropped(kind: str, body: bytes) -> None:
    assert send(body, kind).status_code == 204
    assert counted() == []


@pytest.mark.parametrize("kind", ["application/json", "text/plain", "multipart/form-data; boundary=x", ""])
def test_other_kinds_of_bodies_are_refused(kind: str) -> None:
    assert send(old(), kind).status_code == 415


def test_a_large_body_is_refused() -> None:
    assert send(b" " * (csp_reports.MAX_BODY + 1)).status_code == 413
    assert send(old(), CONTENT_LENGTH="").status_code == 413
    assert send(old(), CONTENT_LENGTH="-1").status_code == 413


def test_a_body_holds_a_limited_number_of_reports() -> None:
    body = {"documentURL": "http://testserver/", "effectiveDirective": "img-src", "blockedURL": "inline"}
    send(new(*[body] * 60), NEW)
    assert counted() == [("img-src", "", "inline", csp_reports.MAX_AT_ONCE)]


def test_no_host_takes_long_to_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("WARNING")
    with within(20):
        send(old(blocked="https://" + "-" * 90 + "a1b2c3" * 4))
    assert counted()[0][3] == 1


def test_strangers_fill_no_table(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csp_report, "MAX_ROWS", 3)
    for number in range(9):
        send(old(blocked=f"https://{number}.example"))
    assert CspReport.objects.count() == 4
    assert ("other", "", "", 6) in counted()
    send(old(blocked="https://0.example"))
    assert ("script-src-elem", "verify/consent", "https://0.example", 2) in counted(), (
        "known ones are counted on"
    )


def test_a_day_counts_a_limited_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csp_report, "MAX_REPORTS", 5)
    for _ in range(9):
        send(old())
    assert counted()[0][3] == 5


def test_old_reports_go_with_the_first_of_a_day() -> None:
    violation = Violation("img-src", "", "inline")
    for days in (0, 1, 31):
        csp_report.count([violation], now=NOW + timedelta(days=days))
    kept = sorted(CspReport.objects.values_list("day", flat=True))
    assert kept == [date(2026, 11, 24), date(2026, 12, 24)]


def test_operators_see_the_counts(signed_in: Callable[..., Client]) -> None:
    send(old(f"/v/{TOKEN}", blocked="https://<b>evil</b>.example/"))
    page = signed_in("Operator").get("/admin/verification/cspreport/").content.decode()
    assert "v/&lt;path:token&gt;" in page
    assert "<b>evil" not in page
    assert TOKEN not in page
