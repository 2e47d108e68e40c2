"""The policy page: the version in force, the history, and the draft of the next version, of which there is at most one.

One senior reviewer writes the draft, another activates it; a version in force is never edited. `actions.policy` has
these rules. Each form carries the fingerprint of the draft that was shown, so that nobody acts on a changed one.
"""

from itertools import pairwise
from typing import Any

from django.contrib import messages
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from verification import permissions
from verification.actions import policy as action
from verification.models import Policy, StaffUser
from verification.review import words
from verification.review.dashboard.simulation import NIST_FROM, SAYS_NOT
from verification.review.message_pages import notices as message_notices
from verification.review.page import Site, signed_in
from verification.review.policy import effect as policy_effect
from verification.review.policy import words as policy_words
from verification.review.policy.form import ActivationForm, PolicyForm, SeenForm
from verification.review.sign_in import fresh, to_confirm
from verification.rules import document_check

SHOWN = 30
_POST = {"POST"}
# A colleague changed, discarded or activated the draft in the meantime.
_CONFLICTS = (action.DraftChanged, action.NoDraft, action.DraftExists)


def urls(site: Site) -> list[URLPattern]:
    """The addresses to put on the staff site."""
    return [
        path("policy/", site.page(policies), name="policies"),
        path(
            "policy/new", site.page(fresh(new_draft, methods=_POST, back="admin:policies")), name="new_draft"
        ),
        path("policy/draft", site.page(edit_draft), name="edit_draft"),
        path(
            "policy/discard",
            site.page(fresh(discard_draft, methods=_POST, back="admin:policies")),
            name="discard_draft",
        ),
        path(
            "policy/activate",
            site.page(fresh(activate_draft, methods=_POST, back="admin:policies")),
            name="activate_draft",
        ),
    ]


@require_safe
def policies(request: HttpRequest) -> HttpResponse:
    return _page(request)


@require_POST
def new_draft(request: HttpRequest) -> HttpResponse:
    user = signed_in(request)
    try:
        action.draft(by=user, now=timezone.now())
    except action.DraftExists as error:
        return _conflict(request, error)
    return redirect("admin:edit_draft")


@require_http_methods(["GET", "HEAD", "POST"])
def edit_draft(request: HttpRequest) -> HttpResponse:
    user = signed_in(request)
    draft = action.current_draft()
    if draft is None:
        return _conflict(
            request, action.NoDraft(_("There is no draft: it was discarded, or it is in force by now."))
        )
    if request.method != "POST":
        return _edit(request, draft, PolicyForm(instance=draft, initial=_initial(draft)))
    # The form writes into a copy; the action updates the row.
    form = PolicyForm(request.POST, instance=Policy(version=draft.version))
    if confirm := to_confirm(request):
        # The page itself asks to confirm: a redirect would lose what was typed.
        return _edit(request, draft, form, status=403, confirm=confirm)
    if not form.is_valid():
        return _edit(request, draft, form, status=400)
    seen, reason = form.cleaned_data["seen"], form.cleaned_data["change_reason"]
    try:
        action.change(draft, terms=form.terms, reason=reason, seen=seen, by=user, now=timezone.now())
    except _CONFLICTS as error:
        return _conflict(request, error, lost=form)
    messages.success(request, _("The draft is saved. A colleague has to activate it."))
    return redirect("admin:policies")


def _initial(draft: Policy) -> dict[str, str]:
    """Whether a person looks at documents has no answer that comes with the software: somebody has to choose it."""
    first = not draft.change_reason and not Policy.current().is_adopted
    return {"seen": action.fingerprint(draft), **({"document_check": ""} if first else {})}


@require_POST
def discard_draft(request: HttpRequest) -> HttpResponse:
    user = signed_in(request)
    draft, form = action.current_draft(), SeenForm(request.POST)
    if draft is None or not form.is_valid():
        return _conflict(request, action.NoDraft(_("There is no such draft any more.")))
    try:
        action.discard(draft, seen=form.cleaned_data["seen"], by=user, now=timezone.now())
    except _CONFLICTS as error:
        return _conflict(request, error)
    messages.success(request, _("The draft is discarded. The policy stays as it is."))
    return redirect("admin:policies")


@require_POST
def activate_draft(request: HttpRequest) -> HttpResponse:
    user = signed_in(request)
    draft = action.current_draft()
    if draft is None:
        return _conflict(request, action.NoDraft(_("There is no such draft any more.")))
    permissions.check_activate(user, draft.drafted_by)
    form = ActivationForm(request.POST, expected=draft.version)
    if not form.is_valid():
        return _page(request, activation=form, status=400)
    try:
        action.activate(draft, seen=form.cleaned_data["seen"], by=user, now=timezone.now())
    except _CONFLICTS as error:
        return _conflict(request, error)
    except action.NothingChanged as error:
        return _page(request, refusal=str(error), status=400)
    messages.success(request, _("Version %d is in force for all cases invited from now on.") % draft.version)
    return redirect("admin:policies")


# Pages


def _edit(
    request: HttpRequest, draft: Policy, form: PolicyForm, *, status: int = 200, confirm: str = ""
) -> HttpResponse:
    in_force = policy_words.terms(Policy.current())
    context = {
        "title": _("Draft of version %d") % draft.version,
        "form": form,
        "rows": [(form[term.code], term.value) for term in in_force],
        "confirm": confirm,
    }
    return TemplateResponse(request, "review/policy/edit.html", context, status=status)


def _conflict(request: HttpRequest, error: Exception, *, lost: PolicyForm | None = None) -> HttpResponse:
    """409: nothing was saved. The page as it is now, with the values that were typed."""
    typed = []
    if lost is not None:
        typed = [
            (policy_words.label(term), policy_words.value(term, value)) for term, value in lost.terms.items()
        ]
        typed.append((_("Why"), lost.cleaned_data["change_reason"]))
    return _page(request, conflict=str(error), typed=typed, status=409)


def _page(
    request: HttpRequest,
    *,
    status: int = 200,
    activation: BaseForm | None = None,
    **extra: Any,
) -> HttpResponse:
    user = signed_in(request)
    in_force, draft = Policy.current(), action.current_draft()
    context = {
        "title": _("Policy"),
        "in_force": in_force,
        "terms": policy_words.terms(in_force),
        "nothing_goes_out": message_notices.nothing_goes_out(in_force),
        "below_nist": _warning(in_force),
        "document_check": document_check.means(in_force),
        "may_change": permissions.can_change_policy(user),
        "draft": draft,
        "history": _history(),
        "activation": activation,
        **(_of_draft(draft, in_force, user) if draft is not None else {}),
        **extra,
    }
    return TemplateResponse(request, "review/policy/page.html", context, status=status)


def _warning(in_force: Policy) -> str:
    low = in_force.approve_at < NIST_FROM
    return policy_words.below_nist(words.score(in_force.approve_at)) if low else ""


def _of_draft(draft: Policy, in_force: Policy, user: StaffUser) -> dict[str, Any]:
    changed = policy_words.changes(draft, in_force)
    return {
        "changes": changed,
        "effect": policy_effect.of(draft, in_force, timezone.now()) if changed else [],
        "effect_days": policy_effect.DAYS,
        "says_not": SAYS_NOT,
        "seen": action.fingerprint(draft),
        "ready": bool(draft.change_reason and (changed or not in_force.is_adopted)),
        "means_now": document_check.means(draft),
        "own": draft.drafted_by_id == user.pk,
        "why_not": permissions.refusal(permissions.check_activate, user, draft.drafted_by),
    }


def _history() -> list[dict[str, Any]]:
    """The versions that are or were in force, newest first, each with its changes from the one before."""
    active = Policy.objects.filter(activated_at__isnull=False).select_related("drafted_by", "activated_by")
    found: list[Policy | None] = [*active.order_by("-version")[: SHOWN + 1]]
    if len(found) <= SHOWN:
        found.append(None)
    return [
        {"policy": newer, "changes": policy_words.changes(newer, older) if older is not None else []}
        for newer, older in pairwise(found)
        if newer is not None
    ]
