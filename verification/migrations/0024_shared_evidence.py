"""What applicants have in common: photos that look the same, flags about each other, browsers and address ranges.

Photos that were sent before the upgrade are found by their bytes and pixels. What they look like is not known, because
they would have to be decoded again.
"""

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import F

from verification.client_address import neighbourhood

BATCH = 1000


def note_what_is_known(apps, schema_editor):
    models = {
        name: apps.get_model("verification", name).objects
        for name in ("Consent", "LinkBinding", "RiskFlag", "Verification", "VerificationAttempt")
    }
    models["LinkBinding"].filter(device_hash="").update(device_hash=F("browser_hash"))
    _name_others(models)
    _mark(models)
    _place(models)


def _name_others(models):
    """Flags on a recording of another applicant name its case."""
    for flag in (
        models["RiskFlag"].exclude(code="device_changed").select_related("verification").iterator(BATCH)
    ):
        earlier = models["VerificationAttempt"].filter(public_id=flag.facts.get("earlier", ""))
        there = earlier.values("verification", "verification__applicant").first()
        if there and there["verification__applicant"] != flag.verification.applicant_id:
            models["RiskFlag"].filter(pk=flag.pk).update(other=there["verification"])


def _mark(models):
    """The marks of cases in review, but not of their cameras: those come with the next move."""
    flags = models["RiskFlag"].filter(verification__status="in_review")
    for mark, found in (
        ("marked_shared", flags.filter(other__isnull=False)),
        ("marked_copied", flags.filter(code__in=["reused_video", "similar_video"])),
        ("marked_devices", flags.filter(code="device_changed")),
    ):
        models["Verification"].filter(pk__in=found.values("verification")).update(**{mark: True})


def _place(models):
    """The address range of each case's last consent, a thousand cases a statement."""
    consents = models["Consent"].exclude(ip_address=None).order_by("pk")
    last = 0
    while batch := list(consents.filter(pk__gt=last).values_list("pk", "verification", "ip_address")[:BATCH]):
        ranges = {case: neighbourhood(address) for _pk, case, address in batch}
        cases = models["Verification"].in_bulk(ranges)
        for pk, case in cases.items():
            case.address_range = ranges[pk]
        models["Verification"].bulk_update(cases.values(), ["address_range"])
        last = batch[-1][0]


class Migration(migrations.Migration):
    dependencies = [
        ("verification", "0023_alerts_of_places"),
    ]

    operations = [
        migrations.CreateModel(
            name="AlikePhoto",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("bits", models.PositiveSmallIntegerField(verbose_name="bits that differ")),
            ],
            options={
                "verbose_name": "alike photos",
                "verbose_name_plural": "alike photos",
            },
        ),
        migrations.CreateModel(
            name="PhotoHash",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("whole", models.CharField(max_length=512)),
                ("centre", models.CharField(max_length=512)),
            ],
            options={
                "verbose_name": "photo hash",
                "verbose_name_plural": "photo hashes",
            },
        ),
        migrations.CreateModel(
            name="PhotoKey",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("key", models.BigIntegerField()),
            ],
            options={
                "verbose_name": "photo key",
                "verbose_name_plural": "photo keys",
            },
        ),
        migrations.RemoveIndex(
            model_name="document",
            name="document_original_sha256",
        ),
        migrations.AddField(
            model_name="linkbinding",
            name="device_hash",
            field=models.CharField(blank=True, db_default="", db_index=True, max_length=64),
        ),
        migrations.AddField(
            model_name="riskflag",
            name="other",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="flags_elsewhere",
                to="verification.verification",
            ),
        ),
        migrations.AddField(
            model_name="verification",
            name="address_range",
            field=models.CharField(blank=True, db_default="", max_length=43),
        ),
        migrations.AddField(
            model_name="verification",
            name="marked_camera",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name="verification",
            name="marked_copied",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name="verification",
            name="marked_devices",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name="verification",
            name="marked_shared",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AlterField(
            model_name="riskflag",
            name="code",
            field=models.CharField(
                choices=[
                    ("reused_video", "These very bytes were sent before"),
                    ("similar_video", "Copied from an earlier recording: the same pictures, pixel by pixel"),
                    ("alike_video", "Looks much like an earlier recording"),
                    ("shared_photo", "Another applicant sent the same ID photo"),
                    ("alike_photo", "The ID photo looks the same as another applicant's"),
                    ("device_changed", "The evidence came from more than one device"),
                ],
                max_length=20,
                verbose_name="flag",
            ),
        ),
        migrations.AddIndex(
            model_name="document",
            index=models.Index(fields=["original_sha256", "id"], name="document_same_bytes"),
        ),
        migrations.AddIndex(
            model_name="document",
            index=models.Index(fields=["normalised_sha256", "id"], name="document_same_pixels"),
        ),
        migrations.AddIndex(
            model_name="linkbinding",
            index=models.Index(fields=["browser_hash"], name="link_binding_browser"),
        ),
        migrations.AddIndex(
            model_name="verification",
            index=models.Index(
                condition=models.Q(("status", "in_review"), ("marked_shared", True)),
                fields=["due_at", "id"],
                name="queue_marked_shared",
            ),
        ),
        migrations.AddIndex(
            model_name="verification",
            index=models.Index(
                condition=models.Q(("status", "in_review"), ("marked_copied", True)),
                fields=["due_at", "id"],
                name="queue_marked_copied",
            ),
        ),
        migrations.AddIndex(
            model_name="verification",
            index=models.Index(
                condition=models.Q(("status", "in_review"), ("marked_devices", True)),
                fields=["due_at", "id"],
                name="queue_marked_devices",
            ),
        ),
        migrations.AddIndex(
            model_name="verification",
            index=models.Index(
                condition=models.Q(("status", "in_review"), ("marked_camera", True)),
                fields=["due_at", "id"],
                name="queue_marked_camera",
            ),
        ),
        migrations.AddIndex(
            model_name="verification",
            index=models.Index(
                condition=models.Q(("address_range", ""), _negated=True),
                fields=["address_range", "id"],
                name="verification_address_range",
            ),
        ),
        migrations.AddField(
            model_name="alikephoto",
            name="earlier",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="alike_later",
                to="verification.document",
            ),
        ),
        migrations.AddField(
            model_name="alikephoto",
            name="later",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="alike_earlier",
                to="verification.document",
            ),
        ),
        migrations.AddField(
            model_name="photohash",
            name="document",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.CASCADE, related_name="looks", to="verification.document"
            ),
        ),
        migrations.AddField(
            model_name="photokey",
            name="looks",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="keys", to="verification.photohash"
            ),
        ),
        migrations.AddConstraint(
            model_name="alikephoto",
            constraint=models.UniqueConstraint(fields=("later", "earlier"), name="alike_photo_once"),
        ),
        migrations.AddIndex(
            model_name="photokey",
            index=models.Index(fields=["key", "id"], name="photo_key"),
        ),
        migrations.RunPython(note_what_is_known, migrations.RunPython.noop, elidable=True),
    ]
