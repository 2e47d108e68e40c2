"""Alerts of the store and of disks."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("verification", "0022_front_office"),
    ]

    operations = [
        migrations.AlterField(
            model_name="alert",
            name="kind",
            field=models.CharField(
                choices=[
                    ("account_paused", "Calling is paused"),
                    ("budget_spent", "The day's budget is spent"),
                    ("no_worker", "No worker answers"),
                    ("no_beat", "Beat stands still"),
                    ("store_down", "The store does not answer"),
                    ("disk_low", "A disk is nearly full"),
                    ("messages_fail", "Messages can't be sent"),
                ],
                max_length=20,
                verbose_name="kind",
            ),
        ),
    ]
