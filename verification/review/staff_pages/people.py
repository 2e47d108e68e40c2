"""The list of the staff: who they are, what they may do, how they get in, and what keeps them out just now."""

from datetime import datetime
from typing import Any

from allauth.mfa.models import Authenticator
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import HttpRequest, QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from verification.models import StaffUser
from verification.permissions import Group
from verification.review.sign_in import lockout
from verification.staffing import access

PAGE_SIZE = 50
MAX_SEARCH = 100
NO_GROUP = "none"
STATES = {"": gettext_lazy("any"), "on": gettext_lazy("may sign in"), "off": gettext_lazy("switched off")}
STEPS = {
    Authenticator.Type.TOTP: gettext_lazy("app"),
    Authenticator.Type.WEBAUTHN: gettext_lazy("passkey"),
    Authenticator.Type.RECOVERY_CODES: gettext_lazy("recovery codes"),
}


def people() -> QuerySet[StaffUser]:
    """Superusers open nothing and are nobody's to change."""
    return StaffUser.objects.filter(is_superuser=False)


def listed(request: HttpRequest, now: datetime) -> dict[str, Any]:
    """A page of the people whom the filters in the address leave."""
    text, group, state = _chosen(request.GET)
    found = _filtered(text, group, state).prefetch_related("groups").select_related("same_person_as")
    page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    users = list(page.object_list)
    steps, waits = _steps(users), lockout.waiting(users, now)
    return {
        "people": [_row(one, steps.get(one.pk, []), waits.get(one.pk), now) for one in users],
        "page": page,
        "others": _others(text, group, state),
        "filtered": bool(text or group or state),
        "text": text,
        "groups": [(name, label, name == group) for name, label in _groups()],
        "states": [(name, label, name == state) for name, label in STATES.items()],
    }


def _chosen(asked: QueryDict) -> tuple[str, str, str]:
    """What the address asks for; a group or state that there is not is none."""
    group, state = asked.get("group", ""), asked.get("state", "")
    known = {name for name, _label in _groups()}
    text = asked.get("q", "").replace("\x00", "").strip()[:MAX_SEARCH]
    return text, group if group in known else "", state if state in STATES else ""


def _groups() -> list[tuple[str, Any]]:
    return [("", _("any")), *((group.value, group.value) for group in Group), (NO_GROUP, _("no group"))]


def _filtered(text: str, group: str, state: str) -> QuerySet[StaffUser]:
    found = people().order_by("-is_active", "username")
    if text:
        parts = ("username", "first_name", "last_name", "email")
        found = found.filter(Q(*(Q(**{f"{part}__icontains": text}) for part in parts), _connector=Q.OR))
    if group:
        found = found.filter(groups=None) if group == NO_GROUP else found.filter(groups__name=group)
    return found.filter(is_active=state == "on") if state else found


def _others(text: str, group: str, state: str) -> str:
    """The query of the other pages, without the page's number."""
    query = QueryDict(mutable=True)
    query.update({name: value for name, value in (("q", text), ("group", group), ("state", state)) if value})
    return query.urlencode()


def _steps(users: list[StaffUser]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    rows = Authenticator.objects.filter(user__in=users).order_by("user", "type")
    for user, kind in rows.values_list("user", "type").distinct():
        found.setdefault(user, []).append(kind)
    return found


def _row(one: StaffUser, kinds: list[str], until: datetime | None, now: datetime) -> dict[str, Any]:
    return {
        "user": one,
        "groups": sorted(group.name for group in one.groups.all()),
        "steps": in_words(kinds),
        "until": until,
        "first_password": access.has_first_password(one),
        "is_over": access.is_first_password_over(one, now),
    }


def in_words(kinds: list[str]) -> str:
    """The second steps; "" if there is none. Recovery codes alone are none: they only stand in for one."""
    if set(kinds) <= {Authenticator.Type.RECOVERY_CODES}:
        return ""
    return ", ".join(str(label) for kind, label in STEPS.items() if kind in kinds)
