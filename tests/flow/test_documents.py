"""The generated documents match the tables in the code."""

from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from verification.states import Status


def test_every_status_is_documented(
    tmp_path: Path, settings: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.BASE_DIR = tmp_path
    call_command("write_docs")
    text = (tmp_path / "docs/states.md").read_text()
    assert [status for status in Status if f"| {status} |" not in text] == []
    call_command("write_docs", "--check")


def test_a_document_out_of_step_is_told(tmp_path: Path, settings: Any) -> None:
    settings.BASE_DIR = tmp_path
    with pytest.raises(CommandError, match=r"docs/states\.md"):
        call_command("write_docs", "--check")
