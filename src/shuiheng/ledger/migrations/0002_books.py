"""Both sides of a transfer agree with it on book, year and source; transfers are append-only."""

from django.db import migrations

BOOKS = """
ALTER TABLE ledger_transfer
    ADD CONSTRAINT transfer_debit_side FOREIGN KEY (debit_id, book, year, source)
        REFERENCES ledger_account (id, book, year, source),
    ADD CONSTRAINT transfer_credit_side FOREIGN KEY (credit_id, book, year, source)
        REFERENCES ledger_account (id, book, year, source);

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON ledger_transfer
    FOR EACH ROW EXECUTE FUNCTION office_refuse_change();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON ledger_transfer
    FOR EACH STATEMENT EXECUTE FUNCTION office_refuse_change();
"""

UNDO = """
DROP TRIGGER append_only ON ledger_transfer;
DROP TRIGGER append_only_truncate ON ledger_transfer;
ALTER TABLE ledger_transfer
    DROP CONSTRAINT transfer_debit_side,
    DROP CONSTRAINT transfer_credit_side;
"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0001_initial"), ("office", "0002_triggers")]
    operations = [migrations.RunSQL(BOOKS, UNDO)]
