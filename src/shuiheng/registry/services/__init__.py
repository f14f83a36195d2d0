"""Writing the registry, split by subject: units, waters, lists of a year, people; callers import from here."""

from shuiheng.registry.services.directory import (
    approve_directory,
    open_directory,
    report_directory,
    return_directory,
)
from shuiheng.registry.services.people import (
    claim_account,
    claim_more,
    end_membership,
    make_claim_codes,
    mend_access,
    open_claim,
    send_sign_in_code,
    sign_in_by_code,
)
from shuiheng.registry.services.units import (
    add_unit,
    close_unit,
    edit_unit,
    lift_hold,
    move_unit,
    place_hold,
)
from shuiheng.registry.services.waters import (
    add_intake,
    add_permit,
    declare_activities,
    edit_intake,
    edit_permit,
    recognise,
    set_supplier,
)

__all__ = [
    "add_intake",
    "add_permit",
    "add_unit",
    "approve_directory",
    "claim_account",
    "claim_more",
    "close_unit",
    "declare_activities",
    "edit_intake",
    "edit_permit",
    "edit_unit",
    "end_membership",
    "lift_hold",
    "make_claim_codes",
    "mend_access",
    "move_unit",
    "open_claim",
    "open_directory",
    "place_hold",
    "recognise",
    "report_directory",
    "return_directory",
    "send_sign_in_code",
    "set_supplier",
    "sign_in_by_code",
]
