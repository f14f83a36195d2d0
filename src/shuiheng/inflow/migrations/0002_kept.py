"""Figures are append-only; what a site was before it changed is kept by the office's one trigger function."""

from django.db import migrations

TABLES = ("inflow_forecast", "inflow_reading", "inflow_annualrunoff")
APPEND_ONLY = "\n".join(
    f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON {table} "
    "FOR EACH ROW EXECUTE FUNCTION office_refuse_change();\n"
    f"CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON {table} "
    "FOR EACH STATEMENT EXECUTE FUNCTION office_refuse_change();"
    for table in TABLES
)
UNDO = "\n".join(
    f"DROP TRIGGER append_only ON {table};\nDROP TRIGGER append_only_truncate ON {table};"
    for table in TABLES
)
HISTORY = (
    "CREATE TRIGGER history BEFORE UPDATE OR DELETE ON inflow_site "
    "FOR EACH ROW EXECUTE FUNCTION office_keep_history();"
)


class Migration(migrations.Migration):
    dependencies = [("inflow", "0001_initial"), ("office", "0002_triggers")]
    operations = [
        migrations.RunSQL(APPEND_ONLY, UNDO),
        migrations.RunSQL(HISTORY, "DROP TRIGGER history ON inflow_site;"),
    ]
