"""Fills an empty portal with events and seals them. Runs inside that portal.

Every filter of the trail's page finds enough for two pages: what is common has the same share of the events in each
portal, and what is rare has the same number. So have the checkpoints, which are no more often for a larger trail.
"""

from typing import Any

from django.contrib.auth.models import Group
from django.db import connection
from django.utils import timezone

from verification.audit import sealing
from verification.models import StaffUser

AUDITOR = "auditor"
RARE = CHECKPOINTS = 200
SPAN = 30 * 24 * 3600  # seconds from the first event to the last, in each portal
# Of ten events, by the last digit of their number: three are looks.
KINDS = (
    "verification.invited",
    "case.viewed",
    "consent.given",
    "document.uploaded",
    "evidence.viewed",
    "attempt.submitted",
    "attempt.prepared",
    "records.listed",
    "decision.sent_to_review",
    "review.approved",
)
RARE_KIND, RARE_PERSON, RARE_CASE = "policy.activated", "rarely", "ver_rare"
COMMON_KIND, COMMON_PERSON = KINDS[0], "often"
FILL = """
    INSERT INTO verification_auditevent (at, kind, actor_kind, actor_id, subject_kind, subject_id, data)
    SELECT
        to_timestamp(%(now)s - %(span)s::bigint * (%(count)s - i) / %(count)s),
        CASE WHEN i %% %(rare)s = 1 THEN %(rare_kind)s ELSE (%(kinds)s::text[])[1 + i %% 10] END,
        'reviewer',
        CASE
            WHEN i %% %(rare)s = 2 THEN %(rare_person)s WHEN i %% 5 = 0 THEN %(common_person)s
            ELSE 'person-' || i %% 97
        END,
        'verification',
        CASE WHEN i %% %(rare)s = 3 THEN %(rare_case)s ELSE 'ver_' || substr(md5((i / 8)::text), 1, 24) END,
        '{"policy": 1, "number": 3, "outcome": "passed", "code": "Success", "similarity": "92.50"}'
    FROM generate_series(1, %(count)s) AS numbers(i)
"""


def main(count: str) -> None:
    user = StaffUser.objects.create(username=AUDITOR, is_staff=True)
    user.groups.add(Group.objects.get(name="Auditor"))
    now = timezone.now()
    values: dict[str, Any] = {
        "now": int(now.timestamp()) - 3600,
        "count": int(count),
        "span": SPAN,
        "rare": int(count) // RARE,
        "kinds": list(KINDS),
        "rare_kind": RARE_KIND,
        "rare_person": RARE_PERSON,
        "common_person": COMMON_PERSON,
        "rare_case": RARE_CASE,
    }
    with connection.cursor() as cursor:
        cursor.execute(FILL, values)
    while sealing.seal(now=timezone.now(), most=int(count) // CHECKPOINTS):
        pass
    with connection.cursor() as cursor:
        # Autovacuum does this in a database that has been in use for a while.
        cursor.execute("VACUUM ANALYZE")
