"""Retry-After is heeded in both its forms, within bounds, and rubbish is no reason to wait."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verification.liveness.retry_after import MAX_RETRY_AFTER, seconds_to_wait

NOW = datetime(2026, 11, 29, 9, 0, 0, tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("0", 0),
        ("1", 1),
        ("120", 120),
        (" 30 ", 30),
        ("300", 300),
        ("301", 300),
        ("9" * 60, 300),
        ("Sun, 29 Nov 2026 09:00:30 GMT", 30),
        ("Sunday, 29-Nov-26 09:00:30 GMT", 30),
        ("Sun Nov 29 09:00:30 2026", 30),
        ("Sun, 29 Nov 2026 09:00:00 GMT", 0),
        ("Sun, 29 Nov 2026 08:00:00 GMT", 0),
        ("Fri, 01 Jan 2126 00:00:00 GMT", 300),
    ],
)
def test_it_is_so_many_seconds_at_most_five_minutes(header, seconds):
    assert seconds_to_wait(header, lambda: NOW) == seconds


@pytest.mark.parametrize(
    "header",
    [None, "", " ", "-5", "+5", "5.5", "1e3", "0x10", "5s", "5, 5", "soon", "\u0665", "\uff15", "Infinity", "NaN",
     "9" * 65, "Sun, 99 Nov 2026 09:00:30 GMT", "Sun, 29 Nov 99999 09:00:30 GMT", "29 Nov", "GMT", "\x00"],
)  # fmt: skip
def test_rubbish_is_no_reason_to_wait(header):
    assert seconds_to_wait(header, lambda: NOW) == 0


@given(
    st.text(max_size=70)
    | st.from_regex(r"[A-Z][a-z]{2}, [0-9]{1,2} [A-Z][a-z]{2} [0-9]{1,6} [0-9:]{1,9} GMT")
)
def test_whatever_it_is_it_is_a_time_within_the_bounds(header):
    assert 0 <= seconds_to_wait(header, lambda: NOW) <= MAX_RETRY_AFTER
