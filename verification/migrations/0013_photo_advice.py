"""What the applicant answered to advice about the ID photo, and which checks of files were begun."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("verification", "0012_staff_by_two"),
    ]

    operations = [
        migrations.AddField(
            model_name="document",
            name="used_anyway_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="used in spite of advice"),
        ),
        migrations.CreateModel(
            name="MediaTry",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("kind", models.CharField(max_length=10)),
                ("browser_hash", models.CharField(blank=True, max_length=64)),
                ("at", models.DateTimeField(db_index=True)),
                (
                    "verification",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="media_tries",
                        to="verification.verification",
                    ),
                ),
            ],
            options={
                "verbose_name": "check of a file",
                "verbose_name_plural": "checks of files",
            },
        ),
    ]
