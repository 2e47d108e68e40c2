"""An upgrade of an installation in use: every case stays in its place, and all database constraints hold."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.flow.upgrading import FORBIDDEN
from tests.processes import PROJECT
from tests.services import database, environment

LISTED = {
    "LOW": ["below", "low_similarity", False],
    "BETWEEN": ["between", "similarity_band", False],
    "FLAGGED": ["flagged", "similar_video", False],
    "USED": ["repeated", "attempts_used_up", False],
    "BROKEN": ["technical", "vendor_unavailable", False],
    "ASKED": ["", "", True],
    "ANSWERED": ["", "", False],
    "SYSTEMS": ["", "", False],
    "BEGUN": ["", "", False],
    "BEGUN-UNRECORDED": ["", "", False],
}


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def upgraded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder: Path = tmp_path_factory.mktemp("upgrade")
    with database(request.param, folder) as url:
        portal = environment(url, "memory://localhost/", "http://127.0.0.1:9", folder / "data")
        command = [sys.executable, "-m", "tests.flow.upgrading"]
        done = subprocess.run(
            command, cwd=PROJECT, env=portal, stdout=subprocess.PIPE, timeout=240, check=True
        )
    return json.loads(done.stdout)


def test_every_case_finds_its_place_in_the_queue(upgraded: Any) -> None:
    assert upgraded["listed"] == LISTED


def test_a_policy_that_was_put_into_force_by_hand_stays_and_no_other_follows(upgraded: Any) -> None:
    assert upgraded["by_nobody"]
    assert upgraded["in_force"] == [1, 2]


def test_an_applicant_belongs_to_the_client_that_asked_first(upgraded: Any) -> None:
    assert {reference: name for reference, name in upgraded["clients"].items() if name} == {
        "SYSTEMS": "Onboarding"
    }


def test_the_browser_that_has_a_case_counts_as_the_one_that_began(upgraded: Any) -> None:
    created, changed = "2026-11-23 09:00:00+00:00", "2026-11-23 10:00:00+00:00"
    assert sorted(upgraded["began"]) == [
        ["BEGUN", f"{102:064d}"[:16], 0, "b" * 64, "other", changed],
        ["BEGUN-UNRECORDED", f"{103:064d}"[:16], 0, "c" * 64, "other", created],
    ]


@pytest.mark.parametrize("when", ["refused", "refused_on_the_way_back"])
def test_what_the_database_refused_it_refuses_after_each_way(upgraded: Any, when: str) -> None:
    assert upgraded[when] == list(FORBIDDEN)


def test_the_way_back_can_be_gone_and_come_again(upgraded: Any) -> None:
    assert upgraded["listed_again"] == LISTED
