"""Inviting the people of a file: read it, look at what was read, confirm, and take the file of links."""

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any

import structlog
from django.contrib import messages as notices
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from verification import messages, storage
from verification.actions import invite_many as action
from verification.exports.formats import BYTE_ORDER_MARK, csv_line
from verification.invitations import csv_file
from verification.invitations.case import PolicyNotAdopted
from verification.models import FileState, InvitationFile, Policy
from verification.review.front_office import words
from verification.review.front_office.forms import FileForm
from verification.review.front_office.upload import takes_file
from verification.review.page import acting, refusal, signed_in

MAX_FAULTS = 100  # shown on the page; all of them are in the file of problems
MAX_FILES = 50

log = structlog.get_logger(__name__)


def _answers_outages(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """For a view that needs the store: its answers when that does not work, or the file is damaged or gone."""

    @wraps(view)
    def answered(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except action.NotWaiting:
            sentence = _("This file does not wait any more: it was confirmed, dropped, or its day is over.")
            return refusal(request, status=409, title=_("Not waiting"), sentence=sentence)
        except (storage.IntegrityError, storage.KeyDestroyed):
            sentence = _("The file is gone or is not what was stored. Nobody was invited: send it again.")
            return refusal(request, status=409, title=_("The file can't be used"), sentence=sentence)
        except OSError as error:
            log.error("invitation_file.unavailable", error=type(error).__name__)
            sentence = _(
                "The file can't be kept or read right now. Nobody was invited: try again in a minute."
            )
            return refusal(request, status=503, title=_("Please try again"), sentence=sentence)

    return answered


@require_safe
def files(request: HttpRequest) -> HttpResponse:
    rows = (
        InvitationFile.objects.exclude(file_name="").select_related("client").order_by("-created_at", "-pk")
    )
    context = {
        "title": _("Files of people to invite"),
        "rows": [_about(file, timezone.now()) for file in rows[:MAX_FILES]],
        "most": MAX_FILES,
    }
    return TemplateResponse(request, "review/front_office/files.html", context)


def _refused(request: HttpRequest, error: csv_file.Unreadable) -> HttpResponse:
    status = {"busy": 503, "too_large": 413}.get(error.code, 400)
    return _form_page(request, FileForm(), status=status, problem=words.unreadable(error))


@takes_file(_refused)
@require_http_methods(["GET", "HEAD", "POST"])
@_answers_outages
def new_file(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        return _form_page(request, FileForm())
    form = FileForm(request.POST, files=request.FILES)
    if not form.is_valid():
        return _form_page(request, form, status=422)
    fields = {"client": None, **form.cleaned_data}
    try:
        if not fields["file"]:
            raise csv_file.Unreadable("no_file")
        file = action.read(
            fields["file"].read(),
            client=fields["client"],
            mode=fields["mode"],
            by=acting(signed_in(request)),
            now=timezone.now(),
        )
    except csv_file.Unreadable as error:
        form.add_error("file", words.unreadable(error))
        return _form_page(request, form, status=422)
    return redirect("admin:invitation_file", file.public_id)


def _form_page(request: HttpRequest, form: FileForm, *, status: int = 200, problem: str = "") -> HttpResponse:
    context = {
        "title": _("Invite from a file"),
        "form": form,
        "problem": problem,
        "lines": f"{csv_file.MAX_LINES:,}",
        "size": csv_file.MAX_FILE,
    }
    return TemplateResponse(request, "review/front_office/new_file.html", context, status=status)


@require_safe
def file(request: HttpRequest, public_id: str) -> HttpResponse:
    return _file_page(request, _found(public_id))


def _found(public_id: str) -> InvitationFile:
    rows = InvitationFile.objects.exclude(file_name="").select_related("client")
    found: InvitationFile = get_object_or_404(rows, public_id=public_id)
    return found


def _file_page(
    request: HttpRequest, found: InvitationFile, *, problem: str = "", status: int = 200
) -> HttpResponse:
    faults = action.faults(found)
    context = {
        "title": _("File of %(at)s") % {"at": f"{found.created_at:%Y-%m-%d %H:%M} UTC"},
        **_about(found, timezone.now()),
        "faults": [{"fault": each, "sentence": words.fault(each)} for each in faults[:MAX_FAULTS]],
        "more": max(0, len(faults) - MAX_FAULTS),
        "problem": problem,
        "to_hand_over": action.to_hand_over(found).count() if found.state == FileState.DONE else 0,
        "sends": messages.sends_invitations(Policy.current()),
    }
    return TemplateResponse(request, "review/front_office/file.html", context, status=status)


def _about(found: InvitationFile, now: datetime) -> dict[str, Any]:
    waits = action.is_waiting(found, now)
    return {
        "file": found,
        "waits": waits,
        "is_done": found.state == FileState.DONE,
        "left_out": found.lines - found.fit,
        "has_problems": bool(found.faults) and action.is_kept(found, now),
    }


@require_safe
@_answers_outages
def problems(request: HttpRequest, public_id: str) -> HttpResponse:
    """The lines that do not fit, with what is wrong: to be mended and sent as they are."""
    found = _found(public_id)
    said: dict[int, list[str]] = {}
    for each in action.faults(found):
        said.setdefault(each.line, []).append(
            f"{each.column}: {words.fault(each)}" if each.column else words.fault(each)
        )
    rows = [csv_line([*csv_file.IGNORED, *csv_file.COLUMNS])]
    for line in action.original(found, timezone.now()):
        if line.number in said:
            cells = [_visible(line.cells.get(column, "")) for column in csv_file.COLUMNS]
            rows.append(csv_line([line.number, " ".join(said[line.number]), *cells]))
    return _csv(rows, f"problems-{found.public_id}.csv")


def _visible(text: str) -> str:
    """Without what no spreadsheet shows: control characters, and those that turn the direction of a line."""
    return "".join(character if character.isprintable() else "\ufffd" for character in text)


@require_POST
@_answers_outages
def confirm(request: HttpRequest, public_id: str) -> HttpResponse:
    found = _found(public_id)
    if found.state == FileState.DONE:
        # A second click, or a page that was loaded again.
        return redirect("admin:invitation_file", found.public_id)
    try:
        done = action.confirm(
            found,
            sha256=request.POST.get("sha256", ""),
            send="send" in request.POST,
            by=acting(signed_in(request)),
            now=timezone.now(),
        )
    except PolicyNotAdopted as refused:
        return _file_page(request, found, problem=str(refused), status=409)
    if not done:
        problem = _("Nobody was invited: since the file was read, something has changed. Look at it again.")
        return _file_page(request, _found(public_id), problem=problem, status=409)
    notices.success(request, _("All of them are invited."))
    return redirect("admin:invitation_file", found.public_id)


@require_POST
@_answers_outages
def drop(request: HttpRequest, public_id: str) -> HttpResponse:
    action.drop(_found(public_id), by=acting(signed_in(request)), now=timezone.now())
    notices.success(request, _("The file is dropped. Nobody was invited."))
    return redirect("admin:invitation_files")


@require_POST
def make_links(request: HttpRequest, public_id: str) -> HttpResponse:
    found = _found(public_id)
    if found.state != FileState.DONE:
        return redirect("admin:invitation_file", found.public_id)
    links = action.make_links(found, by=acting(signed_in(request)), now=timezone.now())
    rows = [csv_line(["reference", "link", "valid_until"])]
    rows += [csv_line([each.reference, each.url, f"{each.expires_at:%Y-%m-%d %H:%M} UTC"]) for each in links]
    return _csv(rows, f"links-{found.public_id}.csv")


def _csv(rows: list[bytes], name: str) -> HttpResponse:
    answer = HttpResponse(BYTE_ORDER_MARK + b"".join(rows), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    answer["Cache-Control"] = "no-store"
    return answer
