"""Fixtures of the catalogue: an applicant's browser at the photo step."""

import pytest
import time_machine
from django.test import Client

from tests.flow.test_applicant_pages import agreed
from verification.actions.invite import Invitation


@pytest.fixture(autouse=True)
def _time(clock: time_machine.Traveller) -> None:
    """Every test of the catalogue begins at NOW."""


@pytest.fixture
def client(invitation: Invitation) -> Client:
    """An applicant's browser at the photo step."""
    return agreed(invitation)
