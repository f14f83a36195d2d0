"""Append-only tables by trigger, and the one row-history function (DESIGN 6, 12)."""

from django.db import migrations

APPEND_ONLY = """
CREATE FUNCTION office_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: correct it by a further row', TG_TABLE_NAME
        USING ERRCODE = '23514';
END $$;

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON office_act
    FOR EACH ROW EXECUTE FUNCTION office_refuse_change();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON office_act
    FOR EACH STATEMENT EXECUTE FUNCTION office_refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON office_actoutcome
    FOR EACH ROW EXECUTE FUNCTION office_refuse_change();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON office_actoutcome
    FOR EACH STATEMENT EXECUTE FUNCTION office_refuse_change();
"""

UNDO_APPEND_ONLY = """
DROP TRIGGER append_only ON office_act;
DROP TRIGGER append_only_truncate ON office_act;
DROP TRIGGER append_only ON office_actoutcome;
DROP TRIGGER append_only_truncate ON office_actoutcome;
DROP FUNCTION office_refuse_change();
"""

HISTORY = """
CREATE FUNCTION office_keep_history() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO office_rowhistory ("table", row_id, old, act_id, at)
    VALUES (TG_TABLE_NAME, OLD.id, to_jsonb(OLD),
            nullif(current_setting('shuiheng.act', true), '')::bigint, clock_timestamp());
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;

CREATE TRIGGER history BEFORE UPDATE OR DELETE ON office_policyvalue
    FOR EACH ROW EXECUTE FUNCTION office_keep_history();
CREATE TRIGGER history BEFORE UPDATE OR DELETE ON office_post
    FOR EACH ROW EXECUTE FUNCTION office_keep_history();
CREATE TRIGGER history BEFORE UPDATE OR DELETE ON office_area
    FOR EACH ROW EXECUTE FUNCTION office_keep_history();
"""

UNDO_HISTORY = """
DROP TRIGGER history ON office_policyvalue;
DROP TRIGGER history ON office_post;
DROP TRIGGER history ON office_area;
DROP FUNCTION office_keep_history();
"""


class Migration(migrations.Migration):
    dependencies = [("office", "0001_initial")]
    operations = [
        migrations.RunSQL(APPEND_ONLY, UNDO_APPEND_ONLY),
        migrations.RunSQL(HISTORY, UNDO_HISTORY),
    ]
