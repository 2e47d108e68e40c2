"""An operator's commands: links, staff, sweep."""

import re
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from tests.conftest import Road
from verification import audit
from verification.actions import link
from verification.actions.cancel import cancel
from verification.models import AuditEvent, StaffUser, Verification

Captured = pytest.CaptureFixture[str]


def path_of(link: str) -> str:
    return link.removeprefix("http://testserver")


def test_a_new_link_replaces_the_old_one(road: Road, client: Client, capsys: Captured) -> None:
    invitation = road.invitation(now=timezone.now())
    call_command("link", invitation.verification.public_id)
    new = capsys.readouterr().out.strip()
    assert client.get(path_of(invitation.link)).status_code == 404
    assert client.get(path_of(new)).status_code == 302


def test_a_revoked_link_ends_the_session_that_came_by_it(road: Road, client: Client) -> None:
    invitation = road.invitation(now=timezone.now())
    client.get(path_of(invitation.link))
    assert client.get("/verify/consent").status_code == 200
    call_command("link", invitation.verification.public_id, "--revoke")
    assert client.get("/verify/consent").status_code == 404
    assert AuditEvent.objects.filter(kind="link.revoked").exists()


def test_a_new_link_ends_the_session_that_came_by_the_old_one(
    road: Road, client: Client, capsys: Captured
) -> None:
    invitation = road.invitation(now=timezone.now())
    client.get(path_of(invitation.link))
    assert client.get("/verify/consent").status_code == 200
    call_command("link", invitation.verification.public_id)
    assert client.get("/verify/consent").status_code == 404
    client.get(path_of(capsys.readouterr().out.strip()))
    assert client.get("/verify/consent").status_code == 200


def test_a_case_that_has_ended_gets_no_new_link(road: Road) -> None:
    case = road.invited()
    cancel(case, reason="mistake", by=audit.By.shell(), now=timezone.now())
    with pytest.raises(CommandError, match="has ended"):
        call_command("link", case.public_id)


def test_a_case_that_ends_before_its_new_link_is_made_gets_none(road: Road) -> None:
    read_before = road.invited()
    cancel(Verification.objects.get(), reason="mistake", by=audit.By.shell(), now=timezone.now())
    with pytest.raises(link.CaseEnded):
        link.renew(read_before, by=audit.By.shell(), now=timezone.now())
    assert Verification.objects.get().link_hash == read_before.link_hash
    assert not AuditEvent.objects.filter(kind="link.renewed").exists()


def test_a_new_link_is_for_a_case_that_exists(db: None) -> None:
    with pytest.raises(CommandError, match="no verification"):
        call_command("link", "ver_unknown")


def test_the_first_operator_can_sign_in(db: None, client: Client, capsys: Captured) -> None:
    call_command("create_staff", "olga", "--group", "Operator")
    (password,) = re.findall("^First password: (.+)$", capsys.readouterr().out, re.MULTILINE)
    answer = client.post("/admin/login/", {"login": "olga", "password": password})
    assert answer["Location"] == "/admin/"
    assert client.get("/admin/")["Location"] == "/admin/account/password/?next=%2Fadmin%2F"
    assert [group.name for group in StaffUser.objects.get().groups.all()] == ["Operator"]


def test_nobody_is_appointed_twice(db: None) -> None:
    call_command("create_staff", "olga", "--group", "Operator")
    with pytest.raises(CommandError, match="of this name"):
        call_command("create_staff", "olga", "--group", "Auditor")


def test_a_new_link_is_valid_for_as_long_as_a_first_one(road: Road) -> None:
    verification = road.invited(now=timezone.now() - timedelta(days=30))
    call_command("link", verification.public_id)
    verification.refresh_from_db()
    assert verification.link_expires_at > timezone.now() + timedelta(days=verification.policy.link_days - 1)
