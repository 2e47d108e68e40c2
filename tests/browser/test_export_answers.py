"""An auditor downloads an export, and a script that reads nothing else says who decided a case."""

import json
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import Page, expect

from tests import who_decided
from tests.browser.axe import faults
from tests.browser.conftest import Portal


def test_a_downloaded_export_says_who_decided_on_what_and_why(
    auditor: Page, portal: Portal, tmp_path: Path
) -> None:
    auditor.goto(f"{portal.url}/admin/exports/")
    auditor.get_by_label("Purpose").select_option("court")
    auditor.get_by_label("Reason").fill("A court asks about CUST-1008")
    auditor.get_by_label("With reviewers' notes").check()
    auditor.get_by_role("button", name="Make export").click()
    # A worker's process makes it, and the page sees that by itself.
    download = auditor.get_by_role("link", name="Download")
    expect(download).to_be_visible(timeout=60_000)
    expect(auditor.locator("[data-export]")).to_contain_text("with reviewers' notes")
    assert faults(auditor) == []
    with auditor.expect_download() as downloading:
        download.click()
    path = tmp_path / "export.zip"
    downloading.value.save_as(path)

    command = [sys.executable, "-I", who_decided.__file__, str(path), "CUST-1008"]
    found = json.loads(subprocess.run(command, check=True, capture_output=True, cwd=tmp_path).stdout)
    assert (found["ended"], found["decided_by"]) == ("declined", ["reviewer"])
    assert (found["because"], found["similarity"]) == ("Different person", "22.40")
    assert found["note"] == "Ears, brow line and chin differ between card and video."
    assert found["answers"] == ["FailedOperation.CompareLowSimilarity"]
    assert [len(hashes) for hashes in (found["on"], *found["photos"], *found["recordings"])] == [64, 64, 64]
    assert (found["approve_at"], found["policy"] > 0) == ("80.00", True)
