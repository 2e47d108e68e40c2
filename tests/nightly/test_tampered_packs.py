"""Ten thousand tampered packs are found, and a thousand that nobody touched are not suspected."""

from collections import Counter
from itertools import product

import pytest

from tests.flow.packs import declined, keys, pack_of
from tests.tampers import tampers, verdict
from verification.exports.case_pack import Contents

pytestmark = pytest.mark.django_db

COUNT = 10_000
CASES = 125


def test_ten_thousand_tampered_packs_are_all_found(road, emulator, staff):
    case = declined(road, emulator, staff("Reviewer"))
    sound, other, trusted = pack_of(case, Contents(names=True)), pack_of(case, Contents(notes=True)), keys()
    found: Counter[str] = Counter()
    unnoticed = []
    for each in tampers(sound, COUNT, seed=17, other=other):
        said = verdict(each.content, trusted)
        found[each.name.partition(": ")[2]] += bool(said)
        if not said:
            unnoticed.append(each.name)
    print(f"\n{dict(found.most_common())}")
    assert unnoticed == []


def test_a_thousand_packs_that_nobody_touched_hold(road, emulator, staff):
    """Each case with each choice of contents."""
    choices = [Contents(*chosen) for chosen in product([False, True], repeat=3)]
    for _ in range(CASES):
        case = declined(road, emulator, staff("Reviewer"))
        assert [verdict(pack_of(case, contents), keys()) for contents in choices] == [""] * len(choices)
