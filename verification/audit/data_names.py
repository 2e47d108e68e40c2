"""What each name in an event's data means, and in which form its value stands. Never a person's name or address.

A name has one meaning in all events, but for those of OF_ONE_KIND.
"""

from enum import StrEnum
from typing import Final, NamedTuple


class Form(StrEnum):
    ID = "id"
    CODE = "code"
    HASH = "hash"
    NUMBER = "number"
    YES_OR_NO = "yes or no"
    USER = "user name"
    TIME = "time"
    TEXT = "text"
    VALUES = "values"


class Meaning(NamedTuple):
    form: Form
    means: str


_FORMS: Final = {
    Form.ID: {
        "account": "the vendor account, by its name in the settings",
        "applicant": "the applicant",
        "attempt": "the attempt",
        "before": "the name of the log so far",
        "brand": "the brand; empty for the installation's own organisation",
        "call": "the vendor call that the decision rests on",
        "check": "the check of the document",
        "confirms": "the review that this one confirms",
        "differs_from": "the review that this one differs from",
        "document": "the ID photo",
        "document_check": "the newest check of the document, when the verdict was given",
        "earlier": "the attempt whose recording this one is like",
        "ends_proposal": "the proposal that ends with it",
        "file": "the file of people to invite that it came from",
        "first": "the first data key of the batch; the event is about the last one",
        "key": "the data key that was destroyed; none if the applicant had none",
        "logo": "the SHA-256 of the logo, by which it is kept; empty without one",
        "message": "the message",
        "note": "the note; its text is with the case",
        "object": "the attempt or the ID photo that it is of",
        "other": "the other vendor call",
        "prefix": "the beginning of the API key, which does not open anything",
        "proposal": "the proposal that was handed back",
        "request_id": "the vendor's RequestId",
        "rerun": "the comparison that was asked for again",
        "review": "the review",
        "vkey": "the public key, as C2SP writes it",
        "wrapped_by": "the entry of the ring that wraps the keys now",
    },
    Form.CODE: {
        "actions": "the movements that were asked for, in their order: 1 open mouth, 2 blink, 3 nod, 4 shake head",
        "advice": "what the applicant was told about the photo",
        "alert": "what the alert is about",
        "answers": "the answer to each question about the document",
        "best_frame": "where the picture of the face comes from",
        "best_frame_note": "what was wrong with the vendor's picture",
        "change": "the kind of change to staff",
        "channel": "e-mail or SMS",
        "code": "the vendor's answer, or what went wrong",
        "device": "what the browser says that it runs on",
        "document_kind": "the kind of ID that it is",
        "evidence": "which kind of file: photo, frame, video, or the recording as it came",
        "fields": "the names of the fields that were changed",
        "fault": "why the export was not made",
        "flag": "what was noticed",
        "formats": "what the tables come as, besides JSON lines",
        "how": "how they signed in",
        "locale": "the language of the text",
        "looked_for": "the kinds of id that were searched for",
        "looks": "the event of the looks that were too many",
        "message_kind": "what the message is for",
        "mode": "movements, or holding still",
        "of": "which of several it is, such as an account or a queue",
        "outcome": "what the attempt came to",
        "export_kind": "the export of a period, or statistics",
        "contents": "what came along besides the facts of the case: media, names, notes",
        "purpose": "what the details are needed for",
        "question_list": "the version of the list of questions",
        "reason": "the reason, from the list of reasons",
        "reason_list": "the version of the list of reasons",
        "reasons": "why the case went where it went; empty if all is well",
        "records": "the kind of records that were listed",
        "same": "whether the bytes are the same, or the pixels",
        "scopes": "what the key may be used for",
        "second_because": "why the policy asks for a second person",
        "smaller_because": "the vendor's code for which a smaller copy is made",
        "source": "the status of the case before",
        "state": "how far the check of the document is now",
        "step": "the step of signing in",
        "steps": "the kinds of second step that were removed",
        "target": "the status of the case after",
        "text_version": "the version of the text that was shown",
        "verdict": "the verdict",
        "why": "why the sessions ended",
    },
    Form.HASH: {
        "browser": "the first 16 digits of the SHA-256 by which the portal knows the browser again",
        "evidence_sha256": "SHA-256 over the evidence that was shown",
        "file_sha256": "SHA-256 of the file",
        "fingerprint": "SHA-256 over the terms of the policy",
        "nonce_sha256": "SHA-256 of the secret that ties the recording to the challenge",
        "normalised_sha256": "SHA-256 of the file as the portal rewrote it and sends it",
        "original_sha256": "SHA-256 of the file as it came",
        "proposed_on": "SHA-256 over the evidence of the proposal",
        "refused_sha256": "SHA-256 of the file that the vendor did not take",
        "sha256": "SHA-256 of the file that was shown, or should have been",
        "text_sha256": "SHA-256 of the text that was shown, word for word",
    },
    Form.NUMBER: {
        "bits": "by how many bits the looks of two photos differ",
        "cases": "how many cases were found or shown",
        "changes": "how often the link may change its browser",
        "count": "how many there were",
        "days": "for how many days the key works; none for ever",
        "checkpoint": "events of the sealed trail at the checkpoint as of which the file was made",
        "file_size": "bytes of the file",
        "fit": "how many of the lines fit",
        "hours": "for how many hours",
        "invited": "how many people were invited",
        "left_out": "how many lines were left out",
        "lines": "how many lines the file has",
        "links": "how many links were made",
        "log_size": "the entries of the log at the checkpoint by which it was made",
        "minutes": "within how many minutes",
        "notes": "how many notes were emptied",
        "number": "the number of the attempt in its case",
        "objects": "how many files were deleted with the key; none if the store could not say",
        "of_bits": "of how many bits",
        "per_cent": "per cent of the usual pace, or of the day's budget",
        "photos": "how many ID photos of the case came from another browser",
        "policy": "the version of the policy",
        "recordings": "how many earlier recordings of the case came from another browser",
        "replaces": "the version of the policy that it replaces",
        "rows": "how many rows each table has",
        "share": "the share of the pictures that are alike, up to 1",
        "similarity": "the vendor's similarity, 0 to 100, as text; none without an answer",
        "older": "the highest id of each kind of record that was there before events committed to records",
        "since": "the size of the log when the key came",
        "version": "the version of the case that was shown",
    },
    Form.YES_OR_NO: {
        "agrees": "whether the blind verdict is an approval, as the vendor's answer is",
        "alone": "whether the change takes effect without a second person if nobody else could confirm it",
        "by_message": "whether the people get their links as messages",
        "face_only": "whether the faces alone are alike",
        "known": "whether somebody has the user name that was typed, which is not recorded",
        "question": "whether it asks for an answer",
        "same_case": "whether the earlier recording is of the same case",
        "shared": "whether colleagues see it",
        "shown": "whether anything was shown, and not hidden because the case is undecided",
        "with_addresses": "whether network addresses are in it",
        "with_notes": "whether reviewers' notes are in it",
    },
    Form.USER: {
        "confirmed_by": "who confirmed it; empty without a second person",
        "counted_as": "as whose account it counted before",
        "kept_for": "for whom the case was kept",
        "proposed_by": "who proposed it; empty for the command line",
        "stopped_by": "who stopped it",
        "to": "for whom the case is kept",
        "user": "whose account it is",
    },
    Form.TIME: {
        "end": "the end of the period, not included",
        "start": "the beginning of the period",
    },
    Form.TEXT: {
        "colour": "the colour of the pages",
        "contact": "how applicants reach the organisation",
        "data_protection_contact": "how they reach who answers for their data",
        "groups": "the groups after the change",
        "groups_before": "the groups before the change",
        "legal_basis": "on which law the check rests, as the organisation words it",
        "found": "the checkpoint that lies there, or its size",
        "name": "the name of the organisation",
        "newest_here": "the newest checkpoint of the log so far; empty without one",
        "place": "the place outside, by its address in the settings",
        "privacy_notice": "the address of its privacy notice",
        "query": "the filter, as it stands in the address of the queue",
    },
    Form.VALUES: {
        "inputs": "what the rules got, so that they can be applied again",
        "outside": "each place outside, and the checkpoint that lies there",
        "terms": "each term of the policy with its value",
    },
}

OF_ALL: Final = {
    name: Meaning(form, means) for form, names in _FORMS.items() for name, means in names.items()
}

# By event and name.
OF_ONE_KIND: Final = {
    ("applicant.erased", "reason"): Meaning(
        Form.TEXT, "why, as the operator wrote it; it must not name the person, because it stays"
    ),
    ("rerun.failed", "state"): Meaning(Form.CODE, "how the comparison ended"),
    ("rerun.requested", "number"): Meaning(Form.NUMBER, "the number of the comparison in its case"),
    ("case_pack.made", "purpose"): Meaning(Form.CODE, "what the pack is for"),
    ("case_pack.made", "reason"): Meaning(
        Form.TEXT,
        "who asked for it, in the words of who made it; it must name no applicant, because it stays",
    ),
    ("trail.restarted", "reason"): Meaning(Form.TEXT, "why, as the operator wrote it"),
    ("case.note_written", "to"): Meaning(Form.NUMBER, "how many colleagues it is for"),
    ("evidence.shared", "other"): Meaning(Form.ID, "the other applicant's case"),
    ("keys.rewrapped", "number"): Meaning(Form.NUMBER, "how many data keys"),
    ("link.bound", "change"): Meaning(Form.NUMBER, "how many changes of browser there were before"),
    ("link.taken_over", "change"): Meaning(Form.NUMBER, "the number of this change of browser"),
} | {
    (f"policy.{what}", "version"): Meaning(Form.NUMBER, "the version of the policy")
    for what in ("drafted", "changed", "discarded", "activated")
}


# What an event of any kind may have. The table of kinds does not repeat it.
OF_EVERY_KIND: Final = {
    "commits": Meaning(
        Form.HASH,
        "for each record that came with the event, a salted SHA-256 of its facts; the salt is kept apart, and deleted "
        "when the person is erased",
    ),
}


def meaning(kind: str, name: str) -> Meaning:
    """Of the name in an event of that kind. Raises KeyError if nobody has said it."""
    return OF_EVERY_KIND.get(name) or OF_ONE_KIND.get((kind, name)) or OF_ALL[name]
