"""The truth table of permissions: a row is a rule, a column is a group."""

from functools import partial
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.models import Group as AuthGroup

from tests.conftest import Road
from verification import permissions
from verification.models import SavedFilter, StaffUser
from verification.permissions import Group

pytestmark = pytest.mark.django_db

R, S, A, OP, FO = Group.REVIEWER, Group.SENIOR, Group.AUDITOR, Group.OPERATOR, Group.FRONT_OFFICE
RULES = {
    "view_queue": {R, S},
    "view_case": {R, S, A},
    "view_evidence": {R, S, A},
    "reveal": {R, S, A},
    "decide": {R, S},
    "decide_escalated": {S},
    "reopen": {S},
    "rerun": {S},
    "share_filter": {S},
    "view_dashboard": {S, A, OP},
    "view_policy": {S, A, OP},
    "change_policy": {S},
    "assign_others": {S},
    "cancel": {S},
    "export": {A},
    "export_sensitive": {Group.SENSITIVE},
    "statistics": {S, A},
    "case_pack": {S, A},
    "view_trail": {S, A},
    "view_alerts": {S, A, OP},
    "manage_staff": {OP},
    "confirm_staff": {S, OP},
    "view_staff": {S, A, OP},
    "view_operations": {S, A, OP},
    "manage_brands": {OP},
    "trace": {S, OP},
    "operate": {OP},
    "probe_account": {OP},
    "view_messages": {R, S, A, OP, FO},
    "mend_messages": {S, OP, FO},
    "view_colleagues": {S},
    "invite": {OP, FO},
    "manage_clients": {OP},
}
TABLE = [(rule, group, group in allowed) for rule, allowed in RULES.items() for group in Group]


def somebody(*groups: str, **fields: Any) -> StaffUser:
    user = StaffUser.objects.create_user("somebody", is_staff=True, **fields)
    user.groups.set(AuthGroup.objects.filter(name__in=groups))
    return user


def test_the_table_has_every_rule():
    assert set(permissions.RIGHTS) == set(RULES)


def test_every_group_of_the_rules_is_in_the_database():
    assert set(AuthGroup.objects.values_list("name", flat=True)) == set(Group)


@pytest.mark.parametrize(("rule", "group", "allowed"), TABLE)
def test_a_group_opens_what_the_table_says(rule, group, allowed):
    assert permissions.can(somebody(group), rule) is allowed


@pytest.mark.parametrize(("rule", "group", "allowed"), TABLE)
def test_asking_and_checking_agree(rule, group, allowed):
    if allowed:
        permissions.check(somebody(group), rule)
    else:
        with pytest.raises(permissions.Denied, match=r"^Only .+\.$"):
            permissions.check(somebody(group), rule)


@pytest.mark.parametrize("rule", RULES)
def test_a_superuser_without_a_group_may_nothing(rule):
    assert not permissions.can(somebody(is_superuser=True), rule)


@pytest.mark.parametrize("rule", RULES)
def test_nobody_signed_in_may_nothing(rule):
    assert not permissions.can(AnonymousUser(), rule)


@pytest.mark.parametrize("rule", RULES)
def test_a_deactivated_person_may_nothing(rule):
    assert not permissions.can(somebody(*Group, is_active=False), rule)


def test_two_groups_add_up():
    both = somebody(Group.REVIEWER, Group.AUDITOR)
    assert permissions.can_decide(both)
    assert permissions.can_export(both)


def test_the_groups_are_asked_for_once(django_assert_num_queries):
    user = somebody(Group.REVIEWER)
    with django_assert_num_queries(1):
        permissions.can_decide(user)
        permissions.can_view_queue(user)


# Rules about one case

ON_A_CASE = [permissions.check_work_on, permissions.check_reopen_case, permissions.check_confirm]


@pytest.mark.parametrize("check", ON_A_CASE)
def test_a_case_is_open_to_a_senior_reviewer_whom_it_is_not_about(check, road: Road):
    check(somebody(Group.SENIOR, email="somebody@example.org"), road.invited(email="alice@example.org"))


@pytest.mark.parametrize("check", ON_A_CASE)
def test_nobody_works_on_reopens_or_confirms_their_own_case(check, road: Road):
    with pytest.raises(permissions.ConflictOfInterest, match="about you"):
        check(somebody(*Group, email="Alice@Example.org"), road.invited(email="alice@example.org"))


NAMED = [name for name, value in vars(permissions).items() if isinstance(value, partial)]


@pytest.mark.parametrize("name", NAMED)
def test_a_check_asks_for_the_right_that_it_is_named_after(name):
    verb, _, right = name.partition("_")
    asked = getattr(permissions, name)
    assert (asked.func, asked.keywords) == (getattr(permissions, verb), {"right": right})


# Rules about a filter that somebody saved


@pytest.mark.parametrize(
    ("group", "own", "shared", "allowed"),
    [
        (Group.REVIEWER, True, False, True),
        (Group.REVIEWER, True, True, True),
        (Group.REVIEWER, False, True, False),
        (Group.SENIOR, False, True, True),
        (Group.SENIOR, False, False, False),
    ],
)
def test_a_saved_filter_is_deleted_by(group, own, shared, allowed):
    user, other = somebody(group), StaffUser.objects.create_user("other")
    kept = SavedFilter(owner=user if own else other, shared=shared)
    assert permissions.can_delete_filter(user, kept) is allowed
