"""Read-only record pages of the stock admin. Opening a record about an applicant is an event in the trail."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import URLPattern
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext

from verification import permissions
from verification.audit import viewing
from verification.permissions.addresses import RIGHT_OF_RECORD
from verification.review import page
from verification.review.admin.lookups import ListedLookups
from verification.review.page import acting, signed_in


def _never(self: Any, request: HttpRequest, obj: Any = None) -> bool:
    return False


class ReadOnly(ListedLookups):
    """A record that can only be read, with the right that the table of addresses names for its model."""

    about_applicant = False
    actions = None
    list_per_page = 50
    show_full_result_count = False
    has_add_permission = _never
    has_change_permission = _never
    has_delete_permission = _never

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return permissions.can(request.user, RIGHT_OF_RECORD[str(self.opts.model_name)])

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def get_urls(self) -> list[URLPattern]:
        """Without the stock history, which is always empty: what happened to a record is in the trail."""
        return [url for url in super().get_urls() if not str(url.name).endswith("_history")]

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        """Records that this person may not open are named without a link."""
        refused = {field.name: field for field in self.opts.fields if _is_refused(request, field)}
        names = super().get_fields(request, obj)
        return [_words_for(refused[name]) if name in refused else name for name in names]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        title = capfirst(self.opts.verbose_name_plural)
        response = super().changelist_view(request, {"title": title, **(extra_context or {})})
        if self.about_applicant and response.status_code == 200:
            user = signed_in(request)
            facts = {"records": self.opts.model_name}
            viewing.record(viewing.LIST, by=acting(user), subject=user, now=timezone.now(), **facts)
        return response

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        context = {"may_view_trail": permissions.can_view_trail(request.user), **(extra_context or {})}
        response: HttpResponseBase = super().change_view(request, object_id, form_url, context)
        found = self.get_object(request, object_id) if self.about_applicant else None
        if found is not None and response.status_code == 200:
            by = acting(signed_in(request))
            viewing.record(viewing.RECORD, by=by, subject=found, now=timezone.now())
        return response

    def _get_obj_does_not_exist_redirect(
        self, request: HttpRequest, opts: object, object_id: str
    ) -> TemplateResponse:
        """A page of our own: Django's message says that the record was perhaps deleted, and no record ever is."""
        sentence = gettext(
            "There is no such record, or it is not shown to you yet: those who decide cases see the records of a spot "
            "check when it is decided."
        )
        answer = page.refusal(request, status=404, title=gettext("Not found"), sentence=sentence)
        answer.context_data = {**self.admin_site.each_context(request), **(answer.context_data or {})}
        return answer


def _is_refused(request: HttpRequest, field: Any) -> bool:
    right = RIGHT_OF_RECORD.get(str(field.related_model._meta.model_name)) if field.many_to_one else None
    return right is not None and not permissions.can(request.user, right)


def _words_for(field: Any) -> Callable[[Model], str]:
    """Shows the record that the field leads to in words."""

    @admin.display(description=field.verbose_name)
    def words(record: Model) -> str:
        found = getattr(record, field.name)
        return "-" if found is None else str(found)

    return words


class AboutApplicant(ReadOnly):
    """A record about an applicant: opening it is an event."""

    about_applicant = True
