"""Every kind of event: what it is about, who may write it, which data it has, and its words for people.

`audit.event` refuses whatever is not in this table, `docs/audit_events.md` is written from it, and the staff site takes
its words from it. A kind that was ever written stays here and keeps its meaning: old events are read by it.
"""

from collections.abc import Set as Names
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from verification.models import LOOKS


class NotInTable(Exception):
    """An event that the table does not have: an error of the code, never of what somebody sent."""


class Tells(StrEnum):
    """Whom or what an event tells of, and so who must be careful with it."""

    VERDICT = "verdict"  # what a reviewer thinks of a case, which may be undecided still
    CASE = "case"  # a person's case, by ids
    STAFF = "staff"  # how a member of staff works and signs in
    PORTAL = "portal"  # nobody but the installation


@dataclass(frozen=True, slots=True)
class Kind:
    """`subjects` are models by their lower-case names, `data` the names that its data may have."""

    code: str
    words: Promise
    subjects: frozenset[str]
    actors: frozenset[str]
    data: frozenset[str]
    tells: Tells
    is_look: bool


STAFF: Final = "reviewer senior_reviewer auditor operator front_office staff"
SHELL, SYSTEM, APPLICANT, CLIENT = "shell", "system", "applicant", "client"
OPERATORS: Final = f"{STAFF} {SHELL}"
INVITERS: Final = f"{CLIENT} {OPERATORS}"

CASE, ATTEMPT, CALL, MEMBER = "verification", "verificationattempt", "providercall", "staffuser"
# What a page of one record may show, and a look at it is an event.
RECORDS: Final = f"applicant {CASE} consent document {ATTEMPT} review {CALL} auditevent"
_ABOUT_A_PERSON: Final = frozenset(RECORDS.split())
_ABOUT_STAFF: Final = frozenset({MEMBER, "staffchange", "savedfilter"})

MOVE: Final = "source target"
REVIEW: Final = "review verdict reason reason_list evidence_sha256"
DECISION: Final = f"{MOVE} attempt number outcome code similarity policy reasons inputs call"
VERDICT: Final = f"{MOVE} {REVIEW} confirms proposed_by ends_proposal document_check inputs"
CHANGE: Final = "user proposed_by confirmed_by"
BRAND: Final = "name contact privacy_notice legal_basis data_protection_contact colour logo"
POLICY: Final = "version terms fingerprint"
EXPORT: Final = "export_kind start end purpose formats with_notes with_addresses"
FILE: Final = "evidence object sha256"


def _kind(
    code: str,
    words: Promise,
    subjects: str,
    actors: str,
    data: str = "",
    *,
    verdict: bool = False,
) -> Kind:
    about = frozenset(subjects.split())
    tells = Tells.VERDICT if verdict else _tells(about)
    return Kind(code, words, about, frozenset(actors.split()), frozenset(data.split()), tells, code in LOOKS)


def _tells(about: frozenset[str]) -> Tells:
    if about & _ABOUT_A_PERSON:
        return Tells.CASE
    return Tells.STAFF if about & _ABOUT_STAFF else Tells.PORTAL


_ALL: Final = (
    # The applicant's way.
    _kind("verification.invited", _("Invited"), CASE, INVITERS, "applicant policy mode file"),
    _kind("applicant.changed", _("Details changed"), "applicant", INVITERS, "fields"),
    _kind("link.bound", _("Began in a browser"), CASE, APPLICANT, "browser device change"),
    _kind("link.taken_over", _("Went on in another browser"), CASE, APPLICANT, "browser device change"),
    _kind("link.contested", _("Link used on too many devices"), CASE, APPLICANT, "changes"),
    _kind("link.renewed", _("New link given"), CASE, f"{OPERATORS} {SYSTEM}", "file"),
    _kind("link.revoked", _("Link ended"), CASE, OPERATORS),
    _kind("consent.given", _("Consent given"), CASE, APPLICANT, f"{MOVE} text_version text_sha256 locale"),
    _kind(
        "consent.refused", _("Consent refused"), CASE, APPLICANT, f"{MOVE} text_version text_sha256 locale"
    ),
    _kind(
        "document.uploaded",
        _("ID photo uploaded"),
        CASE,
        APPLICANT,
        "document advice original_sha256 normalised_sha256",
    ),
    _kind("document.used_anyway", _("ID photo used in spite of advice"), CASE, APPLICANT, "document advice"),
    _kind("document.retired", _("ID photo set aside"), CASE, SYSTEM, "document"),
    _kind("challenge.issued", _("Challenge issued"), ATTEMPT, APPLICANT, "nonce_sha256 number mode actions"),
    _kind("challenge.abandoned", _("Recording given up"), ATTEMPT, APPLICANT, "number"),
    _kind(
        "attempt.submitted", _("Recording sent"), CASE, APPLICANT, f"{MOVE} attempt number original_sha256"
    ),
    _kind("verification.expired", _("Link ran out"), CASE, SYSTEM, MOVE),
    _kind(
        "verification.cancelled",
        _("Cancelled"),
        CASE,
        f"{CLIENT} {SHELL} senior_reviewer",
        f"{MOVE} {REVIEW}",
    ),
    _kind("applicant.erased", _("Evidence erased"), "applicant", SHELL, "objects key notes reason"),
    # Messages to applicants.
    _kind("message.sent", _("Message sent"), CASE, SYSTEM, "message message_kind channel code"),
    _kind("message.failed", _("Message not sent"), CASE, SYSTEM, "message message_kind channel code"),
    _kind("message.came_back", _("Message came back"), CASE, STAFF, "message message_kind"),
    _kind("message.sent_again", _("Message tried again"), CASE, STAFF, "message message_kind"),
    # Checking a recording.
    _kind(
        "attempt.flagged",
        _("Flag added"),
        ATTEMPT,
        SYSTEM,
        "flag earlier same_case share document same bits of_bits face_only photos recordings",
    ),
    _kind(
        "evidence.shared",
        _("Another applicant sent this photo or recording too, or one like it"),
        CASE,
        SYSTEM,
        "flag other attempt",
    ),
    _kind(
        "attempt.prepared",
        _("Recording normalised"),
        ATTEMPT,
        SYSTEM,
        "original_sha256 normalised_sha256 smaller_because",
    ),
    _kind(
        "attempt.sent_back",
        _("Recording not taken, a smaller copy is made"),
        ATTEMPT,
        SYSTEM,
        "smaller_because refused_sha256",
    ),
    _kind(
        "attempt.finished",
        _("Attempt finished"),
        ATTEMPT,
        SYSTEM,
        "attempt number outcome code similarity best_frame best_frame_note",
    ),
    _kind("decision.approved_by_policy", _("Approved by policy"), CASE, SYSTEM, DECISION),
    _kind("decision.try_again", _("Asked to try again, by policy"), CASE, SYSTEM, DECISION),
    _kind("decision.sent_to_review", _("Sent to review"), CASE, SYSTEM, DECISION),
    _kind("call.answered_late", _("Answer came too late"), CALL, SYSTEM, "code request_id"),
    _kind("call.request_id_repeated", _("RequestId came twice"), CALL, SYSTEM, "request_id other account"),
    # Review.
    _kind("case.claimed", _("Claimed"), CASE, "reviewer"),
    _kind("case.released", _("Given back to the queue"), CASE, "reviewer"),
    _kind("case.assigned", _("Kept for a reviewer"), CASE, "reviewer", "to"),
    _kind("case.taken_back", _("Kept for nobody any more"), CASE, "reviewer", "kept_for"),
    _kind("case.note_written", _("Note written"), CASE, "reviewer", "note question to"),
    _kind("case.escalated", _("Escalated"), CASE, "reviewer", f"{REVIEW} ends_proposal", verdict=True),
    _kind("case.snoozed", _("Snoozed"), CASE, "reviewer", f"{REVIEW} hours", verdict=True),
    _kind(
        "case.stepped_aside",
        _("A reviewer stepped aside"),
        CASE,
        "reviewer",
        f"{REVIEW} ends_proposal",
        verdict=True,
    ),
    _kind(
        "document.checked",
        _("Document checked"),
        CASE,
        "reviewer",
        "check document document_kind answers question_list evidence_sha256 state",
        verdict=True,
    ),
    _kind("review.approved", _("Approved"), CASE, "reviewer", VERDICT),
    _kind("review.declined", _("Declined"), CASE, "reviewer", VERDICT),
    _kind("review.asked_again", _("Applicant asked again"), CASE, "reviewer", VERDICT),
    _kind("review.reopened", _("Reopened"), CASE, "senior_reviewer", f"{MOVE} {REVIEW}"),
    _kind(
        "rerun.requested", _("Comparison asked for again"), CASE, "senior_reviewer", "rerun attempt number"
    ),
    _kind(
        "rerun.answered", _("Compared again"), CASE, SYSTEM, "rerun attempt call code similarity request_id"
    ),
    _kind(
        "rerun.failed",
        _("Comparison made again without an answer"),
        CASE,
        SYSTEM,
        "rerun attempt call code state",
    ),
    _kind(
        "review.proposed",
        _("Verdict proposed"),
        CASE,
        "reviewer",
        f"{REVIEW} second_because inputs",
        verdict=True,
    ),
    _kind("review.proposal_void", _("Proposal void"), CASE, SYSTEM, "review proposed_on"),
    _kind(
        "review.handed_back", _("Proposal handed back"), CASE, "reviewer", f"{REVIEW} proposal", verdict=True
    ),
    _kind(
        "review.differed",
        _("Second person came to another verdict"),
        CASE,
        "reviewer",
        f"{REVIEW} differs_from proposed_by",
        verdict=True,
    ),
    _kind(
        "review.judged_blind", _("Blind verdict given"), CASE, "reviewer", f"{REVIEW} agrees", verdict=True
    ),
    _kind("evidence.integrity_error", _("Evidence is damaged"), CASE, STAFF, FILE),
    # Looks.
    _kind("case.viewed", _("Case opened"), CASE, STAFF, "version"),
    _kind("case.shared_viewed", _("Who shares what with it, seen"), CASE, STAFF, "cases"),
    _kind("case.traced", _("Case traced"), CASE, STAFF),
    _kind("case.explained", _("Explanation opened"), CASE, STAFF, "shown"),
    _kind(
        "case_pack.made",
        _("Case pack made"),
        CASE,
        OPERATORS,
        "purpose reason contents file_sha256 file_size checkpoint",
    ),
    _kind("evidence.viewed", _("Evidence seen"), CASE, STAFF, FILE),
    _kind("applicant.revealed", _("Personal details shown"), CASE, STAFF, "purpose"),
    _kind(
        "applicant.name_shown",
        _("Name shown to compare it with the document"),
        CASE,
        STAFF,
    ),
    _kind("record.viewed", _("Record opened"), RECORDS, STAFF),
    _kind("records.listed", _("Records listed"), MEMBER, STAFF, "records"),
    _kind("queue.searched", _("Searched"), MEMBER, STAFF, "looked_for cases"),
    _kind(
        "staff.viewing_alert", _("Unusual viewing"), f"{RECORDS} {MEMBER}", OPERATORS, "looks count minutes"
    ),
    # Staff and their sign-in.
    _kind("staff.signed_in", _("Signed in"), MEMBER, STAFF, "how"),
    _kind("staff.signed_out", _("Signed out"), MEMBER, STAFF),
    _kind("staff.sign_in_failed", _("Sign-in failed"), MEMBER, SYSTEM, "known step"),
    _kind("staff.locked_out", _("Locked out"), MEMBER, SYSTEM, "known"),
    _kind("staff.unlocked", _("Lock lifted"), MEMBER, OPERATORS),
    _kind("staff.second_step_added", _("Second step added"), MEMBER, STAFF, "step"),
    _kind("staff.second_step_removed", _("Second step removed"), MEMBER, OPERATORS, f"step steps {CHANGE}"),
    _kind("staff.password_changed", _("Password changed"), MEMBER, STAFF),
    _kind("staff.session_ended", _("Session ended"), MEMBER, f"{OPERATORS} {SYSTEM}", "why count"),
    _kind(
        "staff.change_proposed",
        _("Change to staff proposed"),
        "staffchange",
        STAFF,
        "change user alone groups",
    ),
    _kind(
        "staff.change_stopped",
        _("Change to staff stopped"),
        "staffchange",
        STAFF,
        f"change stopped_by {CHANGE}",
    ),
    _kind("staff.added", _("Member of staff added"), MEMBER, OPERATORS, f"groups {CHANGE}"),
    _kind(
        "staff.changed",
        _("Member of staff changed"),
        MEMBER,
        OPERATORS,
        f"groups_before groups fields {CHANGE}",
    ),
    _kind("staff.switched_off", _("Account switched off"), MEMBER, STAFF, "user"),
    _kind("staff.vouched", _("Vouched for an account"), MEMBER, OPERATORS, f"counted_as {CHANGE}"),
    _kind("staff.password_reset_agreed", _("Password reset confirmed"), MEMBER, STAFF, CHANGE),
    _kind("staff.password_reset", _("Password reset"), MEMBER, OPERATORS, CHANGE),
    _kind("filter.saved", _("Filter saved"), "savedfilter", "reviewer", "query shared"),
    _kind(
        "filter.opens_for_all", _("What the queue opens with, chosen for all"), MEMBER, "reviewer", "query"
    ),
    _kind("filter.deleted", _("Filter deleted"), "savedfilter", "reviewer", "query shared"),
    # The organisation's rules, its systems and its files.
    _kind("policy.drafted", _("Policy drafted"), "policy", "senior_reviewer", POLICY),
    _kind("policy.changed", _("Policy draft changed"), "policy", "senior_reviewer", POLICY),
    _kind("policy.discarded", _("Policy draft discarded"), "policy", "senior_reviewer", POLICY),
    _kind("policy.activated", _("Policy activated"), "policy", "senior_reviewer", f"{POLICY} replaces"),
    _kind("brand.created", _("Brand made"), "brand", STAFF, BRAND),
    _kind("brand.changed", _("Brand changed"), "brand", STAFF, f"fields {BRAND}"),
    _kind("api_client.created", _("API client created"), "apiclient", OPERATORS),
    _kind("api_client.disabled", _("API client disabled"), "apiclient", OPERATORS),
    _kind("api_client.enabled", _("API client enabled again"), "apiclient", OPERATORS),
    _kind("api_client.brand_assigned", _("Brand given to an API client"), "apiclient", STAFF, "brand"),
    _kind("api_key.issued", _("API key issued"), "apiclient", OPERATORS, "prefix scopes days"),
    _kind("api_key.revoked", _("API key revoked"), "apiclient", OPERATORS, "prefix"),
    _kind("api_key.exposed", _("API key sent in clear"), "apiclient", SYSTEM, "prefix"),
    _kind(
        "invitation_file.read",
        _("File of people to invite read"),
        "invitationfile",
        STAFF,
        "file_sha256 lines fit",
    ),
    _kind(
        "invitation_file.confirmed",
        _("People of a file invited"),
        "invitationfile",
        STAFF,
        "file_sha256 invited left_out by_message",
    ),
    _kind(
        "invitation_file.dropped",
        _("File of people to invite dropped"),
        "invitationfile",
        f"{STAFF} {SYSTEM}",
        "file_sha256",
    ),
    _kind("invitation_file.links_made", _("File of links made"), "invitationfile", STAFF, "links"),
    _kind("export.asked", _("Export asked for"), "export", OPERATORS, EXPORT),
    _kind("export.cancelled", _("Export cancelled"), "export", OPERATORS),
    _kind("export.failed", _("Export not made"), "export", SYSTEM, "fault"),
    _kind(
        "export.created",
        _("Export made"),
        "export",
        OPERATORS,
        f"{EXPORT} rows log_size file_sha256 file_size",
    ),
    _kind("export.downloaded", _("Export downloaded"), "export", OPERATORS, "file_sha256"),
    _kind("export.expired", _("Export expired"), "export", SYSTEM),
    # The installation.
    _kind("account.paused", _("Calling paused"), "vendoraccount", SYSTEM, "code"),
    _kind("account.resumed", _("Calling resumed"), "vendoraccount", SYSTEM),
    _kind("account.slowed", _("Called less often"), "vendoraccount", SYSTEM, "code per_cent"),
    _kind("account.full_pace", _("Called as often as before"), "vendoraccount", SYSTEM),
    _kind("account.budget_alert", _("Part of the day's budget spent"), "vendoraccount", SYSTEM, "per_cent"),
    _kind("account.probe_asked", _("Probe asked for"), "vendoraccount", STAFF),
    _kind("alert.begun", _("Alert"), "alert", SYSTEM, "alert of"),
    _kind("alert.over", _("Alert over"), "alert", SYSTEM, "alert of"),
    _kind("system.sweep_asked", _("Sweep asked for"), MEMBER, STAFF),
    _kind("keys.rewrapped", _("Data keys wrapped anew"), "datakey", OPERATORS, "first number wrapped_by"),
    _kind("trail.key_introduced", _("Key of the trail introduced"), "trailkey", SYSTEM, "vkey since older"),
    _kind("trail.alive", _("Trail sealed though nothing happened"), "trailhead", SYSTEM),
    _kind(
        "trail.contradicted",
        _("A place outside has what the trail does not begin with"),
        "trailanchor",
        SYSTEM,
        "place found",
    ),
    _kind(
        "trail.restarted",
        _("Trail sealed again under another name"),
        "trailkey",
        SHELL,
        "reason before since vkey newest_here outside",
    ),
)

KINDS: Final = {kind.code: kind for kind in _ALL}


def check(code: str, *, subject: str, actor: str, names: Names[str]) -> None:
    """Raises NotInTable unless the table has such an event of this subject, by this actor, with data of these names."""
    kind = KINDS.get(code)
    if kind is None:
        raise NotInTable(f"There is no kind of event {code}.")
    if subject not in kind.subjects:
        raise NotInTable(f"{code} is not about a {subject}.")
    if actor not in kind.actors:
        raise NotInTable(f"{code} is not written by {actor}.")
    if not names <= kind.data:
        raise NotInTable(f"{code} has no {', '.join(sorted(names - kind.data))}.")
