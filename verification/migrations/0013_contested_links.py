from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("verification", "0012_staff_by_two"),
    ]

    operations = [
        migrations.RenameField("verification", "link_stopped_at", "link_contested_at"),
        migrations.AlterField(
            model_name="verification",
            name="link_contested_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="link contested at"),
        ),
        migrations.AddIndex(
            model_name="verification",
            index=models.Index(
                condition=models.Q(("link_contested_at__isnull", False)),
                fields=["link_contested_at", "id"],
                name="verification_contested",
            ),
        ),
    ]
