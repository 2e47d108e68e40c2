"""The four groups of staff, and the first version of the policy."""

from typing import Any

from django.db import migrations
from django.utils import timezone

GROUPS = ("Reviewer", "Senior reviewer", "Auditor", "Operator")


def create(apps: Any, schema_editor: Any) -> None:
    for name in GROUPS:
        apps.get_model("auth", "Group").objects.get_or_create(name=name)
    # The model's defaults are the documented default policy: approve at 80, two movements, three attempts.
    apps.get_model("verification", "Policy").objects.create(version=1, activated_at=timezone.now())


class Migration(migrations.Migration):
    dependencies = [("verification", "0002_append_only"), ("auth", "0012_alter_user_first_name_max_length")]
    operations = [migrations.RunPython(create, migrations.RunPython.noop)]
