"""Which query parameters a record list answers: those of its own filters and dates, and no others.

Django's admin answers a lookup on any field of a model. The number of rows that it returns would spell out a name that
the pages mask, letter by letter and without an event of revealing it.
"""

from typing import TYPE_CHECKING, Any

import structlog
from django.contrib import admin
from django.contrib.admin.exceptions import DisallowedModelAdminLookup, DisallowedModelAdminToField
from django.contrib.admin.utils import get_fields_from_path
from django.db import DataError
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from verification.review import page
from verification.review.page import signed_in

log = structlog.get_logger(__name__)

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]
else:
    ModelAdmin = admin.ModelAdmin

_DATE_PARTS = ("year", "month", "day")


class ListedLookups(ModelAdmin):
    """Pages of a model whose list answers only the lookups that it shows as filters.

    Any other parameter is refused before the database is asked, so that no answer depends on the data.
    """

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        return lookup in self._listed(request)

    def to_field_allowed(self, request: HttpRequest, to_field: str) -> bool:
        """No page of ours opens a record by another field than its key."""
        return False

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        try:
            return super().changelist_view(request, extra_context)
        except (DisallowedModelAdminLookup, DisallowedModelAdminToField):
            return self._refused(request)
        except (OverflowError, DataError):  # A number that the database can't hold.
            return self._refused(request)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except DisallowedModelAdminToField:
            return self._refused(request)

    def _listed(self, request: HttpRequest | None) -> set[str]:
        """The parameters that the links of the list's filters hold."""
        filters = self.get_list_filter(request) if request else self.list_filter
        return {
            *(parameter for name in filters for parameter in self._parameters(str(name))),
            *(f"{self.date_hierarchy}__{part}" for part in _DATE_PARTS if self.date_hierarchy),
        }

    def _parameters(self, name: str) -> tuple[str, str, str]:
        field: Any = get_fields_from_path(self.model, name)[-1]
        key = f"{name}__{field.target_field.name}" if field.is_relation else name
        return name, f"{key}__exact", f"{name}__isnull"

    def _refused(self, request: HttpRequest) -> TemplateResponse:
        """400. The log gets no word of the request: what it looked for may be personal."""
        user = signed_in(request).get_username()
        log.warning("records.lookup_refused", records=self.opts.model_name, user=user)
        sentence = _("This list can't be narrowed like that. Use the filters on its page.")
        answer = page.refusal(request, status=400, title=_("Not a filter of this list"), sentence=sentence)
        answer.context_data = {**self.admin_site.each_context(request), **(answer.context_data or {})}
        return answer
