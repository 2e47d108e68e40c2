"""Who had a case in which browser. Whoever has one at the upgrade counts as the one who began with its link."""

from itertools import islice

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import F, OuterRef, Subquery
from django.db.models.functions import Coalesce

BATCH = 1000


def note_who_began(apps, schema_editor):
    bindings, cases, events = (
        apps.get_model("verification", name) for name in ("LinkBinding", "Verification", "AuditEvent")
    )
    changes = events.objects.filter(
        subject_id=OuterRef("public_id"), kind__in=["link.bound", "link.taken_over"]
    )
    since = Coalesce(Subquery(changes.order_by("-pk").values("at")[:1]), F("created_at"))
    begun = cases.objects.exclude(browser_hash="").annotate(since=since)
    rows = begun.only("link_hash", "browser_hash").iterator(BATCH)
    while batch := list(islice(rows, BATCH)):
        bindings.objects.bulk_create(
            bindings(
                verification_id=case.pk,
                link=case.link_hash[:16],
                number=0,
                browser_hash=case.browser_hash,
                device="other",
                at=case.since,
            )
            for case in batch
        )


class Migration(migrations.Migration):
    dependencies = [
        ("verification", "0010_queue_answers"),
    ]

    operations = [
        migrations.AddField(
            model_name="document",
            name="browser_hash",
            field=models.CharField(blank=True, db_default="", max_length=64),
        ),
        migrations.AddField(
            model_name="verification",
            name="link_contested_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="link contested at"),
        ),
        migrations.AddField(
            model_name="verificationattempt",
            name="browser_hash",
            field=models.CharField(blank=True, db_default="", max_length=64),
        ),
        migrations.AlterField(
            model_name="riskflag",
            name="code",
            field=models.CharField(
                choices=[
                    ("reused_video", "These very bytes were sent before"),
                    ("similar_video", "Copied from an earlier recording: the same pictures, pixel by pixel"),
                    ("alike_video", "Looks much like an earlier recording"),
                    ("device_changed", "The evidence came from more than one device"),
                ],
                max_length=20,
                verbose_name="flag",
            ),
        ),
        migrations.CreateModel(
            name="LinkBinding",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("link", models.CharField(max_length=16)),
                ("number", models.PositiveSmallIntegerField()),
                ("browser_hash", models.CharField(max_length=64)),
                (
                    "device",
                    models.CharField(
                        choices=[
                            ("phone", "a phone"),
                            ("tablet", "a tablet"),
                            ("computer", "a computer"),
                            ("other", "another device"),
                        ],
                        max_length=10,
                        verbose_name="device",
                    ),
                ),
                ("at", models.DateTimeField(verbose_name="at")),
                (
                    "verification",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="bindings",
                        to="verification.verification",
                    ),
                ),
            ],
            options={
                "verbose_name": "device of an applicant",
                "verbose_name_plural": "devices of applicants",
                "ordering": ["pk"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("verification", "link", "number"), name="link_binding_number_once_per_link"
                    )
                ],
            },
        ),
        migrations.AddIndex(
            model_name="verification",
            index=models.Index(
                condition=models.Q(("link_contested_at__isnull", False)),
                fields=["link_contested_at", "id"],
                name="verification_contested",
            ),
        ),
        # Last: PostgreSQL changes no table in which rows have just changed.
        migrations.RunPython(note_who_began, migrations.RunPython.noop),
    ]
