"""What a row of the registry was before it changed is kept by the office's one trigger function."""

from django.db import migrations

TABLES = (
    "registry_unit",
    "registry_membership",
    "registry_supplylink",
    "registry_permit",
    "registry_intake",
    "registry_activity",
    "registry_directory",
    "registry_hold",
)
ATTACH = "\n".join(
    f"CREATE TRIGGER history BEFORE UPDATE OR DELETE ON {table} "
    "FOR EACH ROW EXECUTE FUNCTION office_keep_history();"
    for table in TABLES
)
DETACH = "\n".join(f"DROP TRIGGER history ON {table};" for table in TABLES)


class Migration(migrations.Migration):
    dependencies = [("registry", "0001_initial"), ("office", "0002_triggers")]
    operations = [migrations.RunSQL(ATTACH, DETACH)]
