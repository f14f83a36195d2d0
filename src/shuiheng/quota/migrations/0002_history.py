"""Norms keep what they were before a change."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("quota", "0001_initial"), ("office", "0002_triggers")]
    operations = [
        migrations.RunSQL(
            "CREATE TRIGGER history BEFORE UPDATE OR DELETE ON quota_norm "
            "FOR EACH ROW EXECUTE FUNCTION office_keep_history();",
            "DROP TRIGGER history ON quota_norm;",
        )
    ]
