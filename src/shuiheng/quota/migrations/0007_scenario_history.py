"""Scenarios keep what they were before they are deleted."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("quota", "0006_scenario"), ("office", "0002_triggers")]
    operations = [
        migrations.RunSQL(
            "CREATE TRIGGER history BEFORE UPDATE OR DELETE ON quota_scenario "
            "FOR EACH ROW EXECUTE FUNCTION office_keep_history();",
            "DROP TRIGGER history ON quota_scenario;",
        )
    ]
