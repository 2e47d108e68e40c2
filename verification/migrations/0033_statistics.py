"""Exports of another kind: the statistics for a regulator."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("verification", "0032_trail_indexes")]

    operations = [
        migrations.AddField(
            model_name="export",
            name="kind",
            field=models.CharField(
                choices=[("period", "Export of a period"), ("statistics", "Statistics for a regulator")],
                db_default="period",
                default="period",
                max_length=10,
                verbose_name="kind",
            ),
        ),
    ]
