"""One file for each record."""

from verification.models.account import VendorAccount
from verification.models.alert import Alert, AlertKind, AlertNotice
from verification.models.anchor import Attestation, TrailAnchor
from verification.models.api_client import ApiClient, ApiKey
from verification.models.applicant import Applicant
from verification.models.attempt import VerificationAttempt
from verification.models.audit import LOOKS, AuditEvent
from verification.models.brand import MAX_CONTACT, MAX_LEGAL_BASIS, MAX_NAME, Brand, Logo
from verification.models.call import AnswerKind, Billed, CallState, ProviderCall
from verification.models.case_note import CaseNote, NoteMention
from verification.models.consent import Consent
from verification.models.consent_text import ConsentText
from verification.models.csp_report import CspReport
from verification.models.data_key import DataKey
from verification.models.document import Document
from verification.models.document_check import DocumentCheck
from verification.models.export import Export, ExportFormat, ExportKind, ExportState, Purpose
from verification.models.flag import RiskFlag
from verification.models.frame_hash import FrameHash
from verification.models.invitation_file import FileState, InvitationFile
from verification.models.link_binding import LinkBinding
from verification.models.media_try import MediaTry
from verification.models.message import Channel, KeptLink, Message, MessageKind, MessageState
from verification.models.outgoing import Outgoing
from verification.models.photo_hash import AlikePhoto, PhotoHash, PhotoKey
from verification.models.policy import Policy, PolicyIsActive
from verification.models.queue_answer import QueueAnswer
from verification.models.rerun import Rerun, RerunState
from verification.models.review import DECISIONS, Review, Stage, Verdict
from verification.models.saved_filter import QueueStart, SavedFilter
from verification.models.staff import StaffUser
from verification.models.staff_change import ChangeKind, ChangeState, StaffChange
from verification.models.trail import (
    AuditSalt,
    Checkpoint,
    LogRun,
    LogTile,
    TrailGap,
    TrailHead,
    TrailKey,
)
from verification.models.upload import RecordingPart, RecordingUpload
from verification.models.verification import Verification
from verification.models.worker_host import WorkerHost

__all__ = [
    "DECISIONS",
    "LOOKS",
    "MAX_CONTACT",
    "MAX_LEGAL_BASIS",
    "MAX_NAME",
    "Alert",
    "AlertKind",
    "AlertNotice",
    "AlikePhoto",
    "AnswerKind",
    "ApiClient",
    "ApiKey",
    "Applicant",
    "Attestation",
    "AuditEvent",
    "AuditSalt",
    "Billed",
    "Brand",
    "CallState",
    "CaseNote",
    "ChangeKind",
    "ChangeState",
    "Channel",
    "Checkpoint",
    "Consent",
    "ConsentText",
    "CspReport",
    "DataKey",
    "Document",
    "DocumentCheck",
    "Export",
    "ExportFormat",
    "ExportKind",
    "ExportState",
    "FileState",
    "FrameHash",
    "InvitationFile",
    "KeptLink",
    "LinkBinding",
    "LogRun",
    "LogTile",
    "Logo",
    "MediaTry",
    "Message",
    "MessageKind",
    "MessageState",
    "NoteMention",
    "Outgoing",
    "PhotoHash",
    "PhotoKey",
    "Policy",
    "PolicyIsActive",
    "ProviderCall",
    "Purpose",
    "QueueAnswer",
    "QueueStart",
    "RecordingPart",
    "RecordingUpload",
    "Rerun",
    "RerunState",
    "Review",
    "RiskFlag",
    "SavedFilter",
    "StaffChange",
    "StaffUser",
    "Stage",
    "TrailAnchor",
    "TrailGap",
    "TrailHead",
    "TrailKey",
    "VendorAccount",
    "Verdict",
    "Verification",
    "VerificationAttempt",
    "WorkerHost",
]
