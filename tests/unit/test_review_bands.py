"""The review band of a case."""

from decimal import Decimal

import pytest

from verification.rules import review_bands
from verification.states import Band

ASKS = Decimal(80)


@pytest.mark.parametrize(
    ("reasons", "similarity", "band"),
    [
        (["similarity_band"], "79.99", Band.BETWEEN),
        (["similarity_band"], "70", Band.BETWEEN),
        (["low_similarity"], "69.99", Band.BELOW),
        (["reopened"], "80", Band.ABOVE),
        (["vendor_unavailable"], None, Band.TECHNICAL),
        (["attempts_used_up"], None, Band.REPEATED),
        (["attempts_used_up"], "12", Band.BELOW),
        (["similar_video"], "91", Band.FLAGGED),
        (["low_similarity", "reused_video"], "12", Band.FLAGGED),
        (["spot_check"], "91", Band.SPOT_CHECK),
        (["spot_check", "document_check"], "91", Band.SPOT_CHECK),
        (["document_check"], "91", Band.DOCUMENT),
        (["document_check", "similar_video"], "91", Band.FLAGGED),
        ([], None, Band.TECHNICAL),
    ],
)
def test_a_case_is_banded_by_what_a_reviewer_should_know_first(reasons, similarity, band):
    score = Decimal(similarity) if similarity is not None else None
    assert review_bands.of_case(reasons, score, ASKS) == band
