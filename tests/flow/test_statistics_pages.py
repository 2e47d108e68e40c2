"""The statistics pages and the command: who may ask, what they see, and what the trail keeps of it."""

import io
import json
import zipfile
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from tests.flow.conftest import LATER
from tests.flow.exporting import asked, made
from tests.flow.test_dashboard_history import make
from tests.flow.test_packs import pinned
from tests.flow.test_staff_site import AUDITOR, OPERATOR, REVIEWER, SENIOR
from tests.tampers import verdict
from verification.exports.period.table import Period
from verification.exports.statistics.collect import FIGURES
from verification.models import AuditEvent, Export, ExportKind, Verification

SignIn = Callable[..., Client]
pytestmark = pytest.mark.usefixtures("two_hours_later", "db")
PAGE = "/admin/statistics/"
FIELDS = {"first": "2026-11-01", "last": "2026-11-30", "purpose": "regulator", "reason": "Question 12"}


@pytest.fixture(scope="module")
def history(once: Callable[..., dict[str, Verification]]) -> dict[str, Verification]:
    return once(make)


def ready() -> Export:
    period = Period.of_days(date(2026, 11, 1), date(2026, 11, 30))
    return made(asked(period, now=LATER, kind=ExportKind.STATISTICS, formats=()), now=LATER)


@pytest.mark.parametrize("group", [AUDITOR, SENIOR])
def test_who_asks_is_led_to_the_progress_and_it_is_an_event_with_its_purpose(
    history: dict[str, Verification], signed_in: SignIn, group: str
) -> None:
    answer = signed_in(group).post(PAGE, FIELDS, follow=True)
    statistics = Export.objects.get()
    assert answer.redirect_chain[0][0] == f"{PAGE}{statistics.public_id}/"
    assert "Waiting for a worker" in answer.content.decode()
    event = AuditEvent.objects.get(kind="export.asked")
    assert (event.data["export_kind"], event.data["purpose"]) == ("statistics", "regulator")
    assert event.actor_id


@pytest.mark.parametrize("group", [REVIEWER, OPERATOR])
def test_others_neither_ask_nor_read(signed_in: SignIn, group: str) -> None:
    client = signed_in(group)
    assert client.get(PAGE).status_code == 403
    assert client.post(PAGE, FIELDS).status_code == 403
    assert not Export.objects.exists()


def test_the_page_shows_every_figure_as_it_is_in_the_pack(
    history: dict[str, Verification], signed_in: SignIn
) -> None:
    statistics, client = ready(), signed_in(AUDITOR)
    page = client.get(f"{PAGE}{statistics.public_id}/").content.decode()
    content = client.get(f"{PAGE}{statistics.public_id}/download").getvalue()
    told = json.loads(zipfile.ZipFile(io.BytesIO(content)).read("statistics.json"))
    for figure in FIGURES:
        assert f'id="{figure.key}"' in page
    paths = next(one for one in told["sections"][1]["figures"] if one["key"] == "outcomes_by_path")
    for row in paths["rows"]:
        assert f">{row['path']}</th><td" in page.replace("\n", "")
    assert "Some counts are withheld" in page
    assert verdict(content, pinned()) == ""
    assert AuditEvent.objects.filter(kind="export.downloaded", subject_id=statistics.public_id).count() == 1


def test_statistics_and_exports_are_apart(history: dict[str, Verification], signed_in: SignIn) -> None:
    statistics, client = ready(), signed_in(AUDITOR)
    assert client.get(f"/admin/exports/{statistics.public_id}/").status_code == 404
    assert client.get(f"/admin/exports/{statistics.public_id}/download").status_code == 404
    assert statistics.public_id not in client.get("/admin/exports/").content.decode()
    assert statistics.public_id in client.get(PAGE).content.decode()


def test_a_period_that_runs_backwards_is_refused_with_what_was_typed(signed_in: SignIn) -> None:
    answer = signed_in(AUDITOR).post(PAGE, {**FIELDS, "last": "2026-10-01"})
    assert answer.status_code == 422
    assert "The last day must not be before the first." in answer.content.decode()
    assert "Question 12" in answer.content.decode()


def test_the_command_writes_the_last_whole_month(
    history: dict[str, Verification], tmp_path: Path, capsys: Any
) -> None:
    output = tmp_path / "pack.zip"
    call_command("statistics_pack", output=output, reason="Yearly report")
    told = json.loads(zipfile.ZipFile(output).read("statistics.json"))
    assert (told["period"]["first_day"], told["period"]["last_day"]) == ("2026-10-01", "2026-10-31")
    assert verdict(output.read_bytes(), pinned()) == ""
    with pytest.raises(CommandError, match="exists already"):
        call_command("statistics_pack", output=output, reason="Yearly report")
