"""Files that cost processor time and are of no use: a few are fair, many are told to take a break."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from tests.conftest import NOW, Road, clip
from tests.flow.test_applicant_pages import agreed, give_photo, opened
from tests.flow.test_applicant_uploads import broken, code_of, send
from tests.flow.test_uploads_in_parts import draw
from verification import media
from verification.actions import sweep
from verification.actions.invite import Invitation
from verification.evidence import media_tries
from verification.models import Document, MediaTry

pytestmark = pytest.mark.usefixtures("clock")

PNG = b"\x89PNG\r\n\x1a\n" + bytes(40)


@pytest.fixture
def client(invitation: Invitation) -> Client:
    return agreed(invitation)


def refused(client: Client, times: int) -> list[int]:
    return [give_photo(client, PNG).status_code for _ in range(times)]


def unasked(*args: Any, **options: Any) -> None:
    raise AssertionError("A child was asked.")


def test_refused_photos_come_to_an_end_that_costs_nothing(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert refused(client, media_tries.MAX_REFUSED) == [422] * media_tries.MAX_REFUSED
    monkeypatch.setattr(media, "check_photo", unasked)
    answer = give_photo(client)
    assert answer.status_code == 429
    for words in ("come back in an hour", "ask the organisation"):
        assert words in answer.content.decode()


def test_who_sends_three_wrong_photos_and_a_good_one_goes_on(client: Client) -> None:
    assert refused(client, 3) == [422] * 3
    assert give_photo(client).status_code == 302
    assert Document.objects.count() == 1


def test_a_good_photo_from_before_leads_on_from_the_break(client: Client) -> None:
    give_photo(client)
    assert refused(client, media_tries.MAX_REFUSED + 1)[-1] == 429
    assert "Keep the photo I sent" in give_photo(client, PNG).content.decode()
    assert client.get("/verify/").headers["Location"] == "/verify/capture"


def test_good_photos_are_not_counted(client: Client) -> None:
    assert [give_photo(client).status_code for _ in range(media_tries.MAX_REFUSED + 1)][-1] == 302
    assert not MediaTry.objects.exists()


def test_after_an_hour_all_begins_anew(client: Client, clock: time_machine.Traveller) -> None:
    refused(client, media_tries.MAX_REFUSED)
    clock.shift(timedelta(hours=1, minutes=1))
    assert give_photo(client).status_code == 302
    assert MediaTry.objects.exists()
    sweep.sweep(now=timezone.now())
    assert not MediaTry.objects.exists()


def test_another_browser_uses_up_nothing_of_this_ones(client: Client, invitation: Invitation) -> None:
    other = opened(invitation)
    other.post("/verify/take-over")
    refused(other, media_tries.MAX_REFUSED)
    client.post("/verify/take-over")
    assert give_photo(client).status_code == 302


def test_a_portal_at_fault_uses_up_nothing(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(media, "check_photo", broken)
        assert {give_photo(client).status_code for _ in range(media_tries.MAX_REFUSED)} == {503}
    assert give_photo(client).status_code == 302


def test_refused_recordings_come_to_the_same_end_and_leave_the_photos_alone(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    give_photo(client)
    drawn = draw(client)
    cut = clip()[:900]
    answers = [code_of(send(client, drawn, cut)) for _ in range(media_tries.MAX_REFUSED)]
    assert set(answers) == {(422, "video_corrupt")}
    with monkeypatch.context() as patch:
        patch.setattr(media, "check_video", unasked)
        answer = send(client, drawn, cut)
    assert code_of(answer) == (429, "too_many_refused")
    assert "come back in an hour" in answer.json()["error"]["message"]
    assert give_photo(client).status_code == 302


def test_a_file_on_its_way_counts_before_it_is_judged(road: Road, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files sent at once, to another process for example, must not all be looked at."""
    monkeypatch.setattr(media_tries, "MAX_REFUSED", 1)
    case = road.consented()
    with media_tries.counted(case, media_tries.PHOTO, now=NOW), pytest.raises(media_tries.TooManyRefused):
        media_tries._begin(case, media_tries.PHOTO, NOW)
    with media_tries.counted(case, media_tries.PHOTO, now=NOW):
        pass


def test_files_of_one_case_are_looked_at_one_after_the_other() -> None:
    turns, inside, second = media_tries._Turns(), threading.Event(), threading.Event()
    with ThreadPoolExecutor(2) as pool:
        with turns.of(1):
            waiting = pool.submit(lambda: _take(turns, 1, inside))
            pool.submit(lambda: _take(turns, 2, second)).result(10)
            assert second.is_set(), "another case does not wait"
            assert not inside.is_set()
        waiting.result(10)
    assert inside.is_set()
    assert not turns._locks


def _take(turns: media_tries._Turns, case: int, took: threading.Event) -> None:
    with turns.of(case):
        took.set()


def test_no_more_files_of_one_case_wait_than_leave_the_others_their_threads(
    client: Client, invitation: Invitation, monkeypatch: pytest.MonkeyPatch
) -> None:
    give_photo(client)
    drawn = draw(client)
    monkeypatch.setattr(media_tries, "MAX_AT_ONCE", 1)
    with media_tries._turns.of(invitation.verification.pk):
        answer = give_photo(client)
        assert answer.status_code == 429
        assert "still on their way" in answer.content.decode()
        assert code_of(send(client, drawn, clip())) == (429, "too_many_at_once")
    assert not MediaTry.objects.exists()
    assert give_photo(client).status_code == 302


def test_who_waits_too_long_for_their_own_files_is_told_that_it_is_not_their_fault(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(media, "PATIENCE", 0.0)
    turns = media_tries._Turns()
    with turns.of(1), pytest.raises(media.MediaUnavailable, match="busy"), turns.of(1):
        pass
