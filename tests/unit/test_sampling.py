"""Random sampling of a share."""

from decimal import Decimal

import pytest

from verification.rules.sampling import selected

SUBJECTS = [f"ver_{number}" for number in range(4000)]


@pytest.mark.parametrize(("share", "count"), [("0", 0), ("100", 4000)])
def test_nothing_and_everything_are_exact(share, count):
    assert sum(selected(subject, Decimal(share), purpose="test") for subject in SUBJECTS) == count


def test_about_the_share_is_drawn():
    count = sum(selected(subject, Decimal("5"), purpose="test") for subject in SUBJECTS)
    assert 140 < count < 260


def test_the_same_case_has_the_same_lot_and_a_smaller_share_is_part_of_a_larger_one():
    small = {subject for subject in SUBJECTS if selected(subject, Decimal(5), purpose="test")}
    large = {subject for subject in SUBJECTS if selected(subject, Decimal(20), purpose="test")}
    assert small == {subject for subject in SUBJECTS if selected(subject, Decimal(5), purpose="test")}
    assert small < large


def test_each_purpose_has_lots_of_its_own():
    one = {subject for subject in SUBJECTS if selected(subject, Decimal(20), purpose="one")}
    other = {subject for subject in SUBJECTS if selected(subject, Decimal(20), purpose="other")}
    assert one != other


def test_nobody_foretells_the_lots_without_the_secret(settings):
    before = [selected(subject, Decimal(20), purpose="test") for subject in SUBJECTS]
    settings.SECRET_KEY = "another " * 10
    assert before != [selected(subject, Decimal(20), purpose="test") for subject in SUBJECTS]
