"""References are each client's own. The way back fails while two clients use the same one."""

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import OuterRef, Subquery


def give_to_first_client(apps, schema_editor):
    """An applicant belongs to the client of their first case: until now, no other client could ask again."""
    applicants, cases = (
        apps.get_model("verification", name).objects for name in ("Applicant", "Verification")
    )
    first = cases.filter(applicant=OuterRef("pk")).order_by("pk").values("client")[:1]
    applicants.update(client=Subquery(first))


class Migration(migrations.Migration):
    dependencies = [
        ("verification", "0007_vendor_answers"),
    ]

    operations = [
        migrations.AddField(
            model_name="applicant",
            name="client",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="verification.apiclient",
                verbose_name="calling system",
            ),
        ),
        migrations.AlterField(
            model_name="applicant",
            name="reference",
            field=models.CharField(max_length=200, verbose_name="reference"),
        ),
        migrations.AddIndex(
            model_name="applicant",
            index=models.Index(fields=["reference"], name="applicant_reference"),
        ),
        migrations.AddConstraint(
            model_name="applicant",
            constraint=models.UniqueConstraint(
                fields=("client", "reference"), name="applicant_once_per_client"
            ),
        ),
        migrations.AddConstraint(
            model_name="applicant",
            constraint=models.UniqueConstraint(
                condition=models.Q(("client__isnull", True)),
                fields=("reference",),
                name="applicant_once_without_client",
            ),
        ),
        # Last: PostgreSQL changes no table in which rows have just changed.
        migrations.RunPython(give_to_first_client, migrations.RunPython.noop),
    ]
