"""Comparisons that are made again. One that has ended never changes, and none is deleted."""

import functools

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import verification.models.ids
from verification.migrations._append_only import Refusals, Rule

ENDED = (
    Rule(
        "verification_rerun", "UPDATE", "a comparison that has ended never changes", "OLD.state <> 'waiting'"
    ),
    Rule("verification_rerun", "DELETE", "comparisons are never deleted"),
)


class Migration(migrations.Migration):
    dependencies = [
        ("verification", "0030_exports_in_the_background"),
    ]

    operations = [
        migrations.CreateModel(
            name="Rerun",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "public_id",
                    models.CharField(
                        default=functools.partial(verification.models.ids.new_id, *("rer",)),
                        editable=False,
                        max_length=40,
                        unique=True,
                    ),
                ),
                ("number", models.PositiveSmallIntegerField(verbose_name="number")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("answered", "Answered"),
                            ("failed", "No answer"),
                            ("unknown", "Outcome unknown"),
                        ],
                        default="waiting",
                        max_length=8,
                        verbose_name="state",
                    ),
                ),
                ("reason", models.TextField(max_length=1000, verbose_name="reason")),
                ("requested_at", models.DateTimeField(verbose_name="asked for at")),
                ("lease_until", models.DateTimeField(blank=True, null=True)),
                ("fence", models.PositiveIntegerField(default=0)),
                (
                    "not_before",
                    models.DateTimeField(blank=True, null=True, verbose_name="next try not before"),
                ),
                ("ended_at", models.DateTimeField(blank=True, null=True, verbose_name="ended at")),
                ("code", models.CharField(blank=True, max_length=128, verbose_name="code")),
                (
                    "best_frame_sha256",
                    models.CharField(blank=True, max_length=64, verbose_name="SHA-256 of the best frame"),
                ),
                (
                    "best_frame_note",
                    models.CharField(
                        blank=True, max_length=40, verbose_name="what was wrong with the vendor's frame"
                    ),
                ),
                (
                    "attempt",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reruns",
                        to="verification.verificationattempt",
                    ),
                ),
                (
                    "requested_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="asked for by",
                    ),
                ),
                (
                    "verification",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reruns",
                        to="verification.verification",
                    ),
                ),
            ],
            options={
                "verbose_name": "comparison made again",
                "verbose_name_plural": "comparisons made again",
                "ordering": ["pk"],
            },
        ),
        migrations.AddField(
            model_name="providercall",
            name="rerun",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="calls",
                to="verification.rerun",
                verbose_name="made again for",
            ),
        ),
        migrations.AddIndex(
            model_name="rerun",
            index=models.Index(
                condition=models.Q(("state", "waiting")), fields=["requested_at"], name="rerun_waiting"
            ),
        ),
        migrations.AddConstraint(
            model_name="rerun",
            constraint=models.UniqueConstraint(
                fields=("verification", "number"), name="rerun_number_once_per_verification"
            ),
        ),
        migrations.AddConstraint(
            model_name="rerun",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "waiting")),
                fields=("verification",),
                name="rerun_one_under_way_per_verification",
            ),
        ),
        migrations.AddConstraint(
            model_name="rerun",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("ended_at__isnull", True), ("state", "waiting")),
                    models.Q(models.Q(("state", "waiting"), _negated=True), ("ended_at__isnull", False)),
                    _connector="OR",
                ),
                name="rerun_ended_has_a_time",
            ),
        ),
        Refusals(ENDED),
    ]
