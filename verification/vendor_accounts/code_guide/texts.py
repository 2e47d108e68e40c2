"""Texts of the code guide: the consequences, what a category means, why an account is paused."""

from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from verification.liveness import Billed, Category

Text = str | Promise


class Consequence(StrEnum):
    """What follows, by kind. The first five are for answers about the person, the others for everything else."""

    APPROVE = "approve"
    NEW_RECORDING = "new_recording"
    NEW_PHOTO = "new_photo"
    REVIEW = "review"
    NOT_TRUSTED = "not_trusted"
    SMALLER = "smaller"
    REPEAT = "repeat"
    SLOW_DOWN = "slow_down"
    PAUSE = "pause"
    REFUSED = "refused"
    SEND_AGAIN = "send_again"
    ONCE_MORE = "once_more"
    UNREADABLE = "unreadable"
    WITHHELD = "withheld"


DOES: dict[Consequence, Text] = {
    Consequence.APPROVE: _("Approves from the similarity that the policy asks; below it, a reviewer looks."),
    Consequence.NEW_RECORDING: _(
        "Asks for another recording; this one counts as an attempt. After the last attempt a reviewer looks."
    ),
    Consequence.NEW_PHOTO: _(
        "Asks for another ID photo; no attempt is used. After twice as many recordings as the policy grants "
        "attempts, a reviewer looks."
    ),
    Consequence.REVIEW: _("A reviewer looks at once; it counts as an attempt."),
    Consequence.NOT_TRUSTED: _("A reviewer looks at once. No attempt is used."),
    Consequence.SMALLER: _(
        "Calls once more, with a smaller copy of the recording; after a second time a reviewer looks. No attempt is "
        "used."
    ),
    Consequence.REPEAT: _(
        "Calls again by itself, up to 3 calls in all; then a reviewer looks. No attempt is used."
    ),
    Consequence.SLOW_DOWN: _(
        "Waits, longer each time, and calls again; a reviewer looks after the 50th time. If it goes on, the account is "
        "called half as often, down to a sixteenth, and then paused. No attempt is used."
    ),
    Consequence.PAUSE: _(
        "Pauses all calling of the account until it answers again. The work waits and goes on by itself, or through "
        "another account at once. No attempt is used."
    ),
    Consequence.REFUSED: _(
        "A reviewer looks: our request was at fault, and is not sent again. No attempt is used."
    ),
    Consequence.SEND_AGAIN: _(
        "Sends again, at once where another region is configured, else after a wait that grows. Ten calls in a row "
        "without an answer pause the account. No attempt is used."
    ),
    Consequence.ONCE_MORE: _(
        "Calls once more, since nobody knows whether it was checked and charged; after a second time a reviewer "
        "looks. No attempt is used."
    ),
    Consequence.UNREADABLE: _(
        "A reviewer looks: nothing is taken from such an answer, and it is not asked for again. No attempt is used."
    ),
    Consequence.WITHHELD: _("A reviewer looks: nothing is sent. No attempt is used."),
}

CHARGED: dict[Billed, Text] = {
    Billed.YES: _("yes"),
    Billed.NO: _("no"),
    Billed.UNKNOWN: _("not documented"),
}

TITLES: dict[Category, Text] = {
    Category.PASSED: _("Passed"),
    Category.LOW_SIMILARITY: _("Low similarity"),
    Category.LIVENESS_FAILED: _("Liveness not confirmed"),
    Category.CAPTURE_QUALITY: _("Recording not usable"),
    Category.REFERENCE_PHOTO: _("ID photo not usable"),
    Category.VIDEO_REFUSED: _("The recording was not taken"),
    Category.TRANSIENT: _("The vendor failed"),
    Category.THROTTLED: _("Too many calls"),
    Category.CONFIGURATION: _("The account is at fault"),
    Category.BAD_REQUEST: _("Our request is at fault"),
}

MEANINGS: dict[Category, Text] = {
    Category.PASSED: _("Living person, and the faces match by the vendor's own threshold."),
    Category.LOW_SIMILARITY: _("Living person, but the faces did not match by the vendor's own threshold."),
    Category.LIVENESS_FAILED: _("The vendor could not confirm that a living person was recorded."),
    Category.CAPTURE_QUALITY: _("The recording was not good enough to be checked."),
    Category.REFERENCE_PHOTO: _("The ID photo was not good enough to be compared."),
    Category.VIDEO_REFUSED: _(
        "The vendor could not read or compress the recording as we sent it, or found it too large. That says nothing "
        "about the applicant."
    ),
    Category.TRANSIENT: _("The vendor's service failed. That says nothing about the applicant."),
    Category.THROTTLED: _("The vendor asked us to slow down. This says nothing about the applicant."),
    Category.CONFIGURATION: _(
        "Our account with the vendor was refused. This says nothing about the applicant."
    ),
    Category.BAD_REQUEST: _(
        "The vendor refused our request as wrong. This says nothing about the applicant."
    ),
}
REPLAY = _("Replay suspected")
SUSPICION = _("The vendor suspects a replayed or staged picture.")

VENDOR_FAILING = "vendor_failing"

# Why an account is paused, and what mends it: the vendor's codes first, then words of our own.
CAUSES: dict[str, Text] = {
    "ActionOffline": _("The vendor has taken CompareFaceLiveness offline."),
    "AuthFailure.InvalidAuthorization": _(
        "The vendor can't read our signature. A proxy may change our headers."
    ),
    "AuthFailure.InvalidSecretId": _("TENCENTCLOUD_SECRET_ID is not the id of an API key."),
    "AuthFailure.MFAFailure": _("The account asks for a second factor, which an API key can't give."),
    "AuthFailure.SecretIdNotFound": _("The API key was deleted or disabled, or never was."),
    "AuthFailure.SignatureExpire": _("This machine's clock is more than five minutes off."),
    "AuthFailure.SignatureFailure": _(
        "The signature does not fit: a wrong TENCENTCLOUD_SECRET_KEY, or a proxy that changes Host or Content-Type."
    ),
    "AuthFailure.TokenFailure": _("The temporary credentials have run out or are wrong."),
    "AuthFailure.UnauthorizedOperation": _("The API key's policy does not allow CompareFaceLiveness."),
    "FailedOperation.StsUnAuthErrError": _(
        "The role behind the temporary credentials is not allowed to do this."
    ),
    "IpInBlacklist": _("The account's blacklist has this machine's address."),
    "IpNotInWhitelist": _("The account's whitelist lacks this machine's address."),
    "LimitExceeded": _("A quota of the account is used up."),
    "OperationDenied": _("The vendor denies the operation."),
    "UnauthorizedOperation": _("The account is not allowed to do this."),
    "UnauthorizedOperation.ActivateError": _("The service could not be activated for the account."),
    "UnauthorizedOperation.Activating": _("The service is being activated for the account."),
    "UnauthorizedOperation.Arrears": _("The account is in arrears. It has to be topped up with the vendor."),
    "UnauthorizedOperation.ChargeStatusException": _("Something is wrong with the account's billing."),
    "UnauthorizedOperation.NonAuthorize": _(
        "The account has not completed its own verification with the vendor."
    ),
    "UnauthorizedOperation.Nonactivated": _("The service is not activated for the account."),
    "UnsupportedRegion": _("The API is not offered in this region."),
    VENDOR_FAILING: _("The last 10 calls brought no answer that can be used."),
    "credentials_malformed": _(
        "TENCENTCLOUD_SECRET_ID, its key or its token holds a character that can't be in it."
    ),
    "credentials_unreadable": _(
        "A file of TENCENTCLOUD_SECRET_ID, its key or its token has been missing, empty or broken for ten minutes."
    ),
    "proxy_refused": _(
        "The outbound proxy refused to open a connection to the vendor. KYC_OUTBOUND_PROXY names it; its log says why."
    ),
    "proxy_refused.407": _(
        "The outbound proxy refused us: it asks for a user and password, or others than KYC_OUTBOUND_PROXY has."
    ),
    "proxy_unreachable": _(
        "The outbound proxy that KYC_OUTBOUND_PROXY names can't be reached, or does not answer."
    ),
    "proxy_malformed": _("KYC_OUTBOUND_PROXY is not the address of a proxy."),
    "proxy_unreadable": _(
        "The file of KYC_OUTBOUND_PROXY has been missing, empty or broken for ten minutes."
    ),
    "ca_file_unusable": _("KYC_CA_FILE can't be read, or holds no authority."),
    "endpoint_not_https": _("KYC_FACEID_ENDPOINT is not an https address."),
    "endpoint_not_a_bare_host": _("KYC_FACEID_ENDPOINT is not the address of a host alone."),
    "region_not_supported": _("KYC_FACEID_REGION is none of the API's regions."),
    "timeouts_not_positive": _("A time limit of the client is not above 0."),
}
REFUSES = _("The vendor refuses the account with a code that is in no list.")
TOO_MANY_CALLS = _(
    "The vendor keeps asking for fewer calls, at the slowest pace too. Another system may be calling with this "
    "account, or its limit is lower than the calls a second that are set for it."
)
STILL_FAILING = _("The vendor can't be reached, or does not answer as it should.")

TWINS = _(
    "The vendor uses FailedOperation.X and InternalError.X for the same thing: where only one of them is listed, "
    "the other is handled like it."
)
FALLBACK = _("Any other code goes by how it begins, and nothing but Success itself is ever a pass.")
FAILING = _("Ten calls of an account in a row without an answer that can be used pause it as well.")
