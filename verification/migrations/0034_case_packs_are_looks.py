"""Making a case pack is a look: it changes nothing, and shows the whole case."""

from django.db import migrations, models
from django.db.models import Q

LOOKS = (
    "applicant.name_shown",
    "applicant.revealed",
    "case.explained",
    "case.shared_viewed",
    "case.traced",
    "case.viewed",
    "case_pack.made",
    "evidence.viewed",
    "queue.searched",
    "record.viewed",
    "records.listed",
)


class Migration(migrations.Migration):
    dependencies = [
        ("verification", "0033_statistics"),
    ]

    operations = [
        migrations.RemoveIndex(model_name="auditevent", name="auditevent_looks"),
        migrations.AddIndex(
            model_name="auditevent",
            index=models.Index(condition=Q(kind__in=LOOKS), fields=["at", "id"], name="auditevent_looks"),
        ),
    ]
