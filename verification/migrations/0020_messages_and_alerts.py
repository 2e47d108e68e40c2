"""Messages to applicants, the links that they carry, and alerts to operators."""

import functools

import django.db.models.deletion
from django.db import migrations, models

import verification.models.ids


class Migration(migrations.Migration):
    dependencies = [
        ("verification", "0019_brands"),
    ]

    operations = [
        migrations.CreateModel(
            name="Alert",
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
                        default=functools.partial(verification.models.ids.new_id, *("alr",)),
                        editable=False,
                        max_length=40,
                        unique=True,
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("account_paused", "Calling is paused"),
                            ("budget_spent", "The day's budget is spent"),
                            ("no_worker", "No worker answers"),
                            ("no_beat", "Beat stands still"),
                            ("messages_fail", "Messages can't be sent"),
                        ],
                        max_length=20,
                        verbose_name="kind",
                    ),
                ),
                ("subject", models.CharField(blank=True, max_length=80, verbose_name="what")),
                ("detail", models.CharField(blank=True, max_length=128, verbose_name="code")),
                ("seen_at", models.DateTimeField(verbose_name="first seen")),
                ("begun_at", models.DateTimeField(blank=True, null=True, verbose_name="begun")),
                ("away_since", models.DateTimeField(blank=True, null=True, verbose_name="not seen since")),
                ("over_at", models.DateTimeField(blank=True, null=True, verbose_name="over")),
            ],
            options={
                "verbose_name": "alert",
                "verbose_name_plural": "alerts",
                "indexes": [models.Index(fields=["-seen_at"], name="alert_newest")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("over_at__isnull", True)),
                        fields=("kind", "subject"),
                        name="alert_open_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("over_at__isnull", True), ("begun_at__isnull", False), _connector="OR"
                        ),
                        name="alert_over_has_begun",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="KeptLink",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("link", models.CharField(max_length=16)),
                ("sealed", models.CharField(max_length=200)),
                (
                    "verification",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="kept_link",
                        to="verification.verification",
                    ),
                ),
            ],
            options={
                "verbose_name": "kept link",
                "verbose_name_plural": "kept links",
            },
        ),
        migrations.CreateModel(
            name="AlertNotice",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("tries", models.PositiveSmallIntegerField(default=0, verbose_name="tries")),
                ("due_at", models.DateTimeField(verbose_name="due")),
                ("not_before", models.DateTimeField(verbose_name="not tried before")),
                ("lease_until", models.DateTimeField(blank=True, null=True)),
                ("fence", models.PositiveIntegerField(default=0)),
                ("error", models.CharField(blank=True, max_length=40, verbose_name="what happened")),
                ("created_at", models.DateTimeField(verbose_name="created at")),
                ("sent_at", models.DateTimeField(blank=True, null=True, verbose_name="sent at")),
                (
                    "public_id",
                    models.CharField(
                        default=functools.partial(verification.models.ids.new_id, *("ntc",)),
                        editable=False,
                        max_length=40,
                        unique=True,
                    ),
                ),
                (
                    "moment",
                    models.CharField(
                        choices=[("begun", "begun"), ("over", "over")], max_length=8, verbose_name="moment"
                    ),
                ),
                (
                    "channel",
                    models.CharField(
                        choices=[("email", "E-mail"), ("webhook", "Webhook")], max_length=8, verbose_name="by"
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[("waiting", "Waiting"), ("sent", "Sent"), ("failed", "Not sent")],
                        default="waiting",
                        max_length=8,
                        verbose_name="state",
                    ),
                ),
                (
                    "alert",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="notices",
                        to="verification.alert",
                    ),
                ),
            ],
            options={
                "verbose_name": "notice of an alert",
                "verbose_name_plural": "notices of alerts",
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "waiting")),
                        fields=["not_before", "id"],
                        name="notice_due",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("alert", "moment", "channel"), name="notice_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="Message",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("tries", models.PositiveSmallIntegerField(default=0, verbose_name="tries")),
                ("due_at", models.DateTimeField(verbose_name="due")),
                ("not_before", models.DateTimeField(verbose_name="not tried before")),
                ("lease_until", models.DateTimeField(blank=True, null=True)),
                ("fence", models.PositiveIntegerField(default=0)),
                ("error", models.CharField(blank=True, max_length=40, verbose_name="what happened")),
                ("created_at", models.DateTimeField(verbose_name="created at")),
                ("sent_at", models.DateTimeField(blank=True, null=True, verbose_name="sent at")),
                (
                    "public_id",
                    models.CharField(
                        default=functools.partial(verification.models.ids.new_id, *("msg",)),
                        editable=False,
                        max_length=40,
                        unique=True,
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("invitation", "Invitation"),
                            ("reminder", "Reminder"),
                            ("again", "Asked again"),
                            ("result", "Result"),
                            ("delay", "Review takes longer"),
                        ],
                        max_length=12,
                        verbose_name="kind",
                    ),
                ),
                (
                    "channel",
                    models.CharField(
                        choices=[("email", "E-mail"), ("sms", "SMS")], max_length=8, verbose_name="by"
                    ),
                ),
                ("about", models.CharField(max_length=40)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("sent", "Sent"),
                            ("failed", "Not sent"),
                            ("bounced", "Came back"),
                            ("dropped", "Not needed"),
                        ],
                        default="waiting",
                        max_length=8,
                        verbose_name="state",
                    ),
                ),
                ("locale", models.CharField(blank=True, max_length=16, verbose_name="language")),
                ("address_hash", models.CharField(blank=True, max_length=64)),
                (
                    "verification",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="messages",
                        to="verification.verification",
                    ),
                ),
            ],
            options={
                "verbose_name": "message",
                "verbose_name_plural": "messages",
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "waiting")),
                        fields=["not_before", "id"],
                        name="message_due",
                    ),
                    models.Index(fields=["state", "-created_at"], name="message_by_state"),
                    models.Index(fields=["-created_at"], name="message_newest"),
                    models.Index(
                        condition=models.Q(("state", "bounced")),
                        fields=["address_hash"],
                        name="message_came_back",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("verification", "kind", "about"), name="message_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state__in", ["waiting", "sent", "failed", "bounced", "dropped"])
                        ),
                        name="message_known_state",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state__in", ["sent", "bounced"]), _negated=True),
                            ("sent_at__isnull", False),
                            _connector="OR",
                        ),
                        name="message_sent_has_a_time",
                    ),
                ],
            },
        ),
    ]
