"""The database itself refuses to change what must never change: the trail, reviews, and an active policy."""

from django.db import migrations

from verification.migrations._append_only import Refusals, Rule

RULES = (
    Rule("verification_auditevent", "UPDATE", "audit events are append-only"),
    Rule("verification_auditevent", "DELETE", "audit events are append-only"),
    Rule("verification_review", "UPDATE", "reviews are append-only"),
    Rule("verification_review", "DELETE", "reviews are append-only"),
    Rule("verification_consent", "UPDATE", "consents are append-only"),
    Rule("verification_policy", "UPDATE", "an active policy never changes", "OLD.activated_at IS NOT NULL"),
    Rule("verification_policy", "DELETE", "an active policy never changes", "OLD.activated_at IS NOT NULL"),
)


class Migration(migrations.Migration):
    dependencies = [("verification", "0001_initial")]
    operations = [Refusals(RULES)]
