"""One file a record."""

from verification.models.account import VendorAccount
from verification.models.applicant import Applicant
from verification.models.attempt import VerificationAttempt
from verification.models.audit import AuditEvent
from verification.models.call import AnswerKind, Billed, CallState, ProviderCall
from verification.models.client import ApiClient, ApiKey
from verification.models.consent import Consent
from verification.models.document import Document
from verification.models.export import Export, ExportState
from verification.models.policy import Policy, PolicyIsActive
from verification.models.review import DECISIONS, Review, Verdict
from verification.models.staff import StaffUser
from verification.models.verification import Verification

__all__ = [
    "DECISIONS",
    "AnswerKind",
    "ApiClient",
    "ApiKey",
    "Applicant",
    "AuditEvent",
    "Billed",
    "CallState",
    "Consent",
    "Document",
    "Export",
    "ExportState",
    "Policy",
    "PolicyIsActive",
    "ProviderCall",
    "Review",
    "StaffUser",
    "VendorAccount",
    "Verdict",
    "Verification",
    "VerificationAttempt",
]
