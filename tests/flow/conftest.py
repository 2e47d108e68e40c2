"""Staff at their browsers."""

from datetime import timedelta

import pytest
import time_machine

from tests.conftest import NOW

LATER = NOW + timedelta(hours=1)


@pytest.fixture
def an_hour_later():
    """The clock on the wall an hour after the cases of the road were made, standing still."""
    with time_machine.travel(LATER, tick=False):
        yield


@pytest.fixture
def signed_in(client, staff):
    """The browser of a member of staff, by group."""

    def sign_in(group="Reviewer"):
        client.force_login(staff(group))
        return client

    return sign_in
