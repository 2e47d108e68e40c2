"""All records as read-only pages of the stock admin; only actions change records."""

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from verification import models
from verification.review import blind, words
from verification.review.admin.read_only import AboutApplicant, ReadOnly


class ApplicantAdmin(AboutApplicant):
    list_display = ("reference", "client", "public_id", "locale", "created_at", "legal_hold", "erased_at")
    list_filter = ("legal_hold", "locale")
    list_select_related = ("client",)
    search_fields = ("reference", "public_id")
    date_hierarchy = "created_at"
    # Shown in clear only on the page of a case, to users who state a purpose.
    exclude = ("name", "email", "data_key")
    readonly_fields = ("masked_name", "masked_email")

    @admin.display(description=_("name"))
    def masked_name(self, applicant: models.Applicant) -> str:
        return words.mask(applicant.name)

    @admin.display(description=_("e-mail"))
    def masked_email(self, applicant: models.Applicant) -> str:
        return words.mask_email(applicant.email) or "–"


class VerificationAdmin(AboutApplicant):
    list_display = (
        "reference",
        "client",
        "status",
        "reason_codes",
        "attempts_used",
        "policy",
        "created_at",
        "decided_at",
        "page",
    )
    list_filter = ("status", "mode", "policy")
    list_select_related = ("applicant__client", "policy")
    search_fields = ("public_id", "applicant__reference", "applicant__public_id")
    date_hierarchy = "created_at"
    # What a check of the document came to is not for a second person; addresses are shown as `Consent` shows them.
    exclude = ("link_hash", "browser_hash", "link_revoked_at", "document_state", "address_range")

    @admin.display(description=_("reference"), ordering="applicant__reference")
    def reference(self, case: models.Verification) -> str:
        return case.applicant.reference

    @admin.display(description=_("calling system"), ordering="applicant__client__name")
    def client(self, case: models.Verification) -> models.ApiClient | None:
        return case.applicant.client

    @admin.display(description=_("reasons"))
    def reason_codes(self, case: models.Verification) -> str:
        return ", ".join(case.reasons) or "–"

    @admin.display(description=_("case"))
    def page(self, case: models.Verification) -> str:
        return format_html(
            '<a href="{}">{}</a>', reverse("admin:case", args=[case.public_id]), _("Open case")
        )


class ConsentAdmin(AboutApplicant):
    list_display = ("verification", "given", "text_version", "locale", "at")
    list_filter = ("given", "text_version")
    search_fields = ("verification__public_id",)
    exclude = ("ip_address",)


class ConsentTextAdmin(ReadOnly):
    list_display = ("version", "locale", "organisation", "sha256", "first_used_at")
    list_filter = ("version", "locale")
    search_fields = ("sha256",)


class DocumentAdmin(AboutApplicant):
    list_display = ("public_id", "verification", "kind", "normalised_size", "uploaded_at", "superseded_at")
    search_fields = ("public_id", "verification__public_id", "original_sha256", "normalised_sha256")
    exclude = ("original_name", "normalised_name", "browser_hash")


class AttemptAdmin(AboutApplicant):
    list_display = (
        "public_id",
        "verification",
        "number",
        "status",
        "outcome",
        "similarity",
        "result_code",
        "submitted_at",
    )
    list_filter = ("status", "outcome", "mode")
    search_fields = ("public_id", "verification__public_id", "original_sha256", "normalised_sha256")
    exclude = ("original_name", "normalised_name", "best_frame_name", "nonce_sha256", "browser_hash")

    def get_queryset(self, request: HttpRequest) -> QuerySet[models.VerificationAttempt]:
        return blind.without_scores(super().get_queryset(request), request.user, case="verification")


class ReviewAdmin(AboutApplicant):
    list_display = ("at", "verification", "stage", "verdict", "reason_code", "by")
    list_filter = ("stage", "verdict", "reason_code")
    list_select_related = ("verification", "by")
    search_fields = ("public_id", "verification__public_id", "by__username")
    date_hierarchy = "at"

    def get_queryset(self, request: HttpRequest) -> QuerySet[models.Review]:
        return blind.without_verdicts(super().get_queryset(request), request.user)


class CallAdmin(ReadOnly):
    about_applicant = True
    list_display = (
        "public_id",
        "attempt",
        "rerun",
        "number",
        "state",
        "code",
        "billed",
        "latency_ms",
        "request_id",
        "started_at",
    )
    list_filter = ("state", "billed", "region")
    list_select_related = ("attempt", "rerun")
    search_fields = ("public_id", "request_id", "attempt__public_id", "body_sha256")
    date_hierarchy = "started_at"

    def get_queryset(self, request: HttpRequest) -> QuerySet[models.ProviderCall]:
        return blind.without_scores(super().get_queryset(request), request.user, case="attempt__verification")


class AccountAdmin(ReadOnly):
    list_display = ("name", "rate", "daily_budget", "spent_on", "spent", "paused_at", "pause_reason")


class PolicyAdmin(ReadOnly):
    list_display = (
        "version",
        "approve_at",
        "liveness_mode",
        "max_attempts",
        "review_hours",
        "activated_at",
        "activated_by",
    )
    list_select_related = ("activated_by",)


class EventAdmin(ReadOnly):
    about_applicant = True
    list_display = ("at", "kind", "who", "subject")
    list_filter = ("kind", "actor_kind", "subject_kind")
    search_fields = ("subject_id", "actor_id")
    date_hierarchy = "at"
    ordering = ("-pk",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[models.AuditEvent]:
        return blind.without_events(super().get_queryset(request), request.user)

    @admin.display(description=_("Actor"))
    def who(self, event: models.AuditEvent) -> str:
        return f"{event.actor_kind} {event.actor_id}".rstrip()

    @admin.display(description=_("Subject"))
    def subject(self, event: models.AuditEvent) -> str:
        return f"{event.subject_kind} {event.subject_id}"


class ExportAdmin(ReadOnly):
    list_display = ("public_id", "by", "reason", "period_start", "period_end", "rows", "state", "created_at")
    list_filter = ("state",)
    search_fields = ("public_id", "by", "reason")
    exclude = ("file_name",)


class ClientAdmin(ReadOnly):
    list_display = ("name", "public_id", "created_at", "disabled_at")
    search_fields = ("name", "public_id")


class KeyAdmin(ReadOnly):
    list_display = ("prefix", "client", "created_at", "expires_at", "revoked_at", "last_used_at")
    list_select_related = ("client",)
    search_fields = ("prefix", "client__name")
    exclude = ("key_sha256",)


class CspReportAdmin(ReadOnly):
    list_display = ("day", "directive", "page", "blocked", "count")
    list_filter = ("directive",)
    date_hierarchy = "day"


RECORDS: dict[type[Model], type[ReadOnly]] = {
    models.Applicant: ApplicantAdmin,
    models.Verification: VerificationAdmin,
    models.Consent: ConsentAdmin,
    models.ConsentText: ConsentTextAdmin,
    models.Document: DocumentAdmin,
    models.VerificationAttempt: AttemptAdmin,
    models.Review: ReviewAdmin,
    models.ProviderCall: CallAdmin,
    models.VendorAccount: AccountAdmin,
    models.Policy: PolicyAdmin,
    models.AuditEvent: EventAdmin,
    models.Export: ExportAdmin,
    models.ApiClient: ClientAdmin,
    models.ApiKey: KeyAdmin,
    models.CspReport: CspReportAdmin,
}


def register(site: admin.AdminSite) -> None:
    for model, record in RECORDS.items():
        site.register(model, record)
