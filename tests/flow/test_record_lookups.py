"""Record lists answer the lookups of their own filters only: any other could spell out what the pages mask."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.admin.utils import get_fields_from_path
from django.core.exceptions import FieldDoesNotExist
from django.db import connection
from django.db.models import Model
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from structlog.testing import capture_logs

from tests.conftest import Road
from tests.flow.matrix import browser_of, for_a_module, member
from verification.models import Applicant, AuditEvent
from verification.permissions import Group
from verification.review.site import site

LISTS = [pytest.param(records, id=str(records.opts.model_name)) for records in site._registry.values()]
ON_ANY_FIELD = ("exact", "iexact", "startswith", "regex", "contains", "in", "gte", "lt", "range", "isnull")
# The parameters that each list answers: a new one is a decision.
FLAG = "{0} {0}__exact {0}__isnull"
KEY = "{0} {0}__id__exact {0}__isnull"
DATE = "{0}__year {0}__month {0}__day"
ANSWERED = {
    "applicant": ((FLAG, "legal_hold"), (FLAG, "locale"), (DATE, "created_at")),
    "verification": ((FLAG, "status"), (FLAG, "mode"), (KEY, "policy"), (DATE, "created_at")),
    "consent": ((FLAG, "given"), (FLAG, "text_version")),
    "consenttext": ((FLAG, "version"), (FLAG, "locale")),
    "verificationattempt": ((FLAG, "status"), (FLAG, "outcome"), (FLAG, "mode")),
    "review": ((FLAG, "stage"), (FLAG, "verdict"), (FLAG, "reason_code"), (DATE, "at")),
    "providercall": ((FLAG, "state"), (FLAG, "billed"), (FLAG, "region"), (DATE, "started_at")),
    "auditevent": ((FLAG, "kind"), (FLAG, "actor_kind"), (FLAG, "subject_kind"), (DATE, "at")),
    "export": ((FLAG, "state"),),
    "cspreport": ((FLAG, "directive"), (DATE, "day")),
}
# Personal details, hashes of secrets, and names of files, by model.
MASKED = {
    "applicant": {"name", "email", "data_key"},
    "verification": {"link_hash", "browser_hash", "link_revoked_at"},
    "consent": {"ip_address", "user_agent"},
    "document": {"original_name", "normalised_name"},
    "verificationattempt": {"original_name", "normalised_name", "best_frame_name", "nonce_sha256"},
    "export": {"file_name", "data_key"},
    "apikey": {"key_sha256"},
}


@pytest.fixture(scope="module")
def made(django_db_setup: None, django_db_blocker: Any, emulator_server: Any) -> Iterator[Client]:
    with for_a_module(django_db_blocker, emulator_server):
        Road().in_review(emulator_server, name="Alice Example", email="alice@example.org")
        yield browser_of(member(Group.AUDITOR))


@pytest.fixture
def auditor(made: Client, db: None) -> Client:
    """The browser of an auditor, who may list every record; there is one case."""
    return made


def paths(model: type[Model], depth: int = 3) -> Iterator[str]:
    """Every field of the model and of the models around it, in both directions."""
    for field in model._meta.get_fields():
        yield field.name
        if field.is_relation and field.related_model and depth > 1:
            yield from (f"{field.name}__{further}" for further in paths(field.related_model, depth - 1))


def lookups(model: type[Model]) -> Iterator[str]:
    """Every parameter that Django would take for a comparison of one of these fields."""
    for path in paths(model):
        try:
            known = get_fields_from_path(model, path)[-1].get_lookups()
        except (AttributeError, FieldDoesNotExist):  # the reverse side of a relation
            known = {}
        yield path
        yield from (f"{path}__{name}" for name in {*known, *ON_ANY_FIELD})


@pytest.mark.parametrize("records", LISTS)
def test_a_list_answers_the_lookups_of_its_own_filters_alone(records: Any, rf: RequestFactory) -> None:
    name = records.opts.model_name
    expected = {one for form, field in ANSWERED.get(name, ()) for one in form.format(field).split()}
    tried = {*lookups(records.model), *expected}
    assert {one for one in tried if records.lookup_allowed(one, "x", rf.get("/"))} == expected


@pytest.mark.parametrize("records", LISTS)
def test_nothing_that_is_masked_is_searched_sorted_or_counted(records: Any, rf: RequestFactory) -> None:
    columns = [getattr(records, str(one), None) for one in records.list_display]
    used = {
        *records.list_display,
        *(getattr(column, "admin_order_field", None) for column in columns),
        *records.get_search_fields(rf.get("/")),
        *records.get_ordering(rf.get("/")),
        *(records.list_filter or ()),
        records.date_hierarchy,
    }
    for path in used - {None}:
        try:
            field = get_fields_from_path(records.model, path.lstrip("-"))[-1]
        except FieldDoesNotExist:  # a column that the list itself computes
            continue
        assert field.name not in MASKED.get(str(field.model._meta.model_name), ()), path


@pytest.mark.parametrize("records", LISTS)
def test_a_record_opens_by_its_key_alone(records: Any, rf: RequestFactory) -> None:
    assert not [
        one.name for one in records.opts.get_fields() if records.to_field_allowed(rf.get("/"), one.name)
    ]


def shown(client: Client, address: str, **query: str) -> tuple[int, str]:
    """The status and the page, without what differs between any two answers."""
    answer = client.get(address, query)
    return answer.status_code, re.sub(
        r'nonce="[^"]*"|csrfmiddlewaretoken" value="[^"]*"', "", answer.content.decode()
    )


GUESSES = [
    ("applicant", "name__regex", "^A", "^Z"),
    ("applicant", "email__startswith", "alice", "zoe"),
    ("verification", "applicant__name__startswith", "A", "Z"),
    ("verification", "link_hash__lt", "g", "0"),
    ("consent", "ip_address__startswith", "127", "128"),
    ("consent", "verification__applicant__email__endswith", "example.org", "example.net"),
    ("verificationattempt", "nonce_sha256__gte", "0", "g"),
    ("document", "verification__applicant__name__contains", "lice", "zoe"),
    ("auditevent", "data__contains", "{}", "[1]"),
    ("applicant", "_to_field", "name", "email"),
    ("applicant", "Alice", "1", "2"),
]


@pytest.mark.parametrize(("name", "parameter", "right", "wrong"), GUESSES)
def test_a_right_guess_looks_like_a_wrong_one(
    auditor: Client, name: str, parameter: str, right: str, wrong: str
) -> None:
    address = f"/admin/verification/{name}/"
    with capture_logs() as logs:
        answers = [shown(auditor, address, **{parameter: guess}) for guess in (right, wrong)]
    assert answers[0] == answers[1]
    assert answers[0][0] == 400
    assert (
        logs
        == [{"event": "records.lookup_refused", "log_level": "warning", "records": name, "user": "auditor"}]
        * 2
    )
    assert not AuditEvent.objects.filter(kind="records.listed").exists()


def test_a_page_of_a_record_refuses_another_key_without_looking(auditor: Client) -> None:
    pages = [
        shown(auditor, f"/admin/verification/applicant/{name}/change/", _to_field="name")
        for name in ("Alice_20Example", "Zoe")
    ]
    assert pages[0] == pages[1]
    assert pages[0][0] == 400


@pytest.mark.parametrize("records", LISTS)
def test_every_link_of_a_lists_filters_works(auditor: Client, records: Any) -> None:
    address = reverse(f"admin:verification_{records.opts.model_name}_changelist")
    page = auditor.get(address).content.decode()
    links = {link.replace("&amp;", "&") for link in re.findall(r'href="(\?[^"]*)"', page)}
    assert links
    for link in links:
        assert auditor.get(f"{address}{link}").status_code == 200, link


def test_the_database_is_not_asked_before_the_refusal(auditor: Client) -> None:
    """The refusal costs the same whatever the records hold."""
    with CaptureQueriesContext(connection) as queries:
        auditor.get("/admin/verification/applicant/", {"name__regex": "^A"})
    table = Applicant._meta.db_table
    assert not [one["sql"] for one in queries if f'FROM "{table}"' in one["sql"]]


@pytest.mark.parametrize("number", ["9" * 20, "-" + "9" * 20, "99999", "0", "-1"])
@pytest.mark.parametrize("records", LISTS)
def test_a_number_that_no_database_holds_is_refused(auditor: Client, records: Any, number: str) -> None:
    """Or it finds nothing; never an error of ours."""
    page = f"/admin/verification/{records.opts.model_name}/"
    for parameter in sorted(records._listed(None)):
        assert auditor.get(page, {parameter: number}).status_code < 500, parameter
