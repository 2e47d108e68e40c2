"""The table of events: what it refuses, and that it and the code have the same events."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps

import verification
from tests.unit.test_words import NOW
from verification import audit
from verification.audit import data_names, kinds, viewing
from verification.models import LOOKS, AuditEvent, Policy, Verification
from verification.review.page import ROLES
from verification.review.site import site
from verification.states import MOVES, Actor, Move

CODE = Path(verification.__file__).parent
TABLE = {CODE / "audit/kinds.py", CODE / "audit/data_names.py"}
ACTORS = {*Actor, *ROLES.values(), "shell", "staff"}
SOURCES = "\n".join(path.read_text() for path in CODE.rglob("*.py") if path not in TABLE)
# A kind stands first in such a call, or after the record that it is about.
WRITTEN = re.compile(
    r"""(?:record|event|amend|amend_by|_finish|_switch|note)\(\s*(?:\w+,\s*){0,2}"([a-z_]+\.[a-z_]+)\""""
)
CASE = Verification(public_id="ver_1")
SYSTEM = audit.By.system()


def made(kind: str, *, by: audit.By = SYSTEM, of: Any = CASE, **data: Any) -> AuditEvent:
    return audit.event(kind, by=by, subject=of, at=NOW, **data)


def test_an_event_of_the_table_is_made():
    assert made("link.contested", by=audit.By.applicant("app_1"), changes=3).data == {"changes": 3}


@pytest.mark.parametrize(
    ("kind", "wrong", "says"),
    [
        ("link.unknown", {}, "no kind"),
        ("document.retired", {"of": Policy(pk=1)}, "about a policy"),
        ("document.retired", {"by": audit.By("reviewer", "rita")}, "by reviewer"),
        ("document.retired", {"document": "doc_1", "name": "Alice"}, "has no name"),
    ],
)
def test_an_event_that_the_table_does_not_have_is_refused(kind, wrong, says):
    with pytest.raises(kinds.NotInTable, match=says) as refused:
        made(kind, **wrong)
    assert "Alice" not in str(refused.value)
    assert "rita" not in str(refused.value)


@pytest.mark.parametrize("move", MOVES.values(), ids=lambda move: f"{move.source}-{move.target}")
def test_whoever_may_make_a_move_may_write_its_event(move: Move):
    kind = kinds.KINDS[move.audit_event]
    assert move.actors <= kind.actors
    assert {"source", "target"} <= kind.data
    assert kind.subjects == {"verification"}


def test_every_event_in_the_code_is_in_the_table():
    assert {"case.claimed", "review.proposed", "message.sent", "trail.alive"} <= set(WRITTEN.findall(SOURCES))
    assert set(WRITTEN.findall(SOURCES)) <= set(kinds.KINDS)


@pytest.mark.parametrize("code", kinds.KINDS)
def test_every_event_of_the_table_is_in_the_code(code):
    # Some names are put together from a prefix and what happened.
    assert f'"{code}"' in SOURCES or f'f"{code.partition(".")[0]}.{{' in SOURCES


@pytest.mark.parametrize("kind", kinds.KINDS.values(), ids=lambda kind: kind.code)
def test_a_row_names_models_and_actors_that_there_are_and_fits_the_database(kind: kinds.Kind):
    for name in kind.subjects:
        apps.get_model("verification", name)
    assert kind.actors <= ACTORS
    lengths = {field.name: field.max_length for field in AuditEvent._meta.fields}
    assert len(kind.code) <= lengths["kind"]
    assert max(map(len, kind.subjects)) <= lengths["subject_kind"]


def test_every_name_in_the_data_has_a_meaning_and_none_is_left_over():
    for kind in kinds.KINDS.values():
        assert all(data_names.meaning(kind.code, name).means for name in kind.data)
    used = {(kind.code, name) for kind in kinds.KINDS.values() for name in kind.data}
    assert set(data_names.OF_ALL) <= {name for _kind, name in used}
    assert set(data_names.OF_ONE_KIND) <= used


def test_a_page_of_a_record_whose_look_is_an_event_has_a_kind_for_it():
    about = {
        model._meta.model_name
        for model, page in site._registry.items()
        if getattr(page, "about_applicant", False)
    }
    assert about == kinds.KINDS[viewing.RECORD].subjects


def test_every_watched_look_is_a_look_and_every_look_a_kind():
    assert set(viewing.USUAL) <= set(LOOKS) <= set(kinds.KINDS)


@pytest.mark.parametrize("look", sorted(viewing.USUAL))
def test_too_many_looks_of_a_kind_raise_the_alert_whoever_looks_and_at_what(look: str) -> None:
    alert = kinds.KINDS[viewing.ALERT]
    assert kinds.KINDS[look].actors <= alert.actors
    assert kinds.KINDS[look].subjects <= alert.subjects
