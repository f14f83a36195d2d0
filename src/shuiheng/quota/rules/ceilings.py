"""可取上限: no valid permit is not "no cap" (USERS 15). Pure.

A unit takes a source under its permit, or is exempt (取水条例 Art. 4: small domestic use, a collective's own
pond), or is a supplier's customer, or has an officer's provisional figure with its reason and end; else zero,
and it stands on a list.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from shuiheng.core.vocabulary import Term
from shuiheng.core.volume import Volume, total


class CeilingStanding(Term):
    PERMITTED = "permitted", "有取水许可"
    EXEMPT = "exempt", "免办许可"
    CUSTOMER = "customer", "供水用户"
    PROVISIONAL = "provisional", "暂定水量"
    NONE = "none", "没有依据"


@dataclass(frozen=True, slots=True)
class Ceiling:
    """How much a unit may take of a source, and by what; without `volume` no figure binds it here."""

    standing: CeilingStanding
    volume: Volume | None
    words: str = ""


NO_GROUND = Ceiling(CeilingStanding.NONE, Volume(), "没有有效取水许可、免办认定或暂定水量")


@dataclass(frozen=True, slots=True)
class Grounds:
    """What is on record for a unit and a source on a day."""

    permit: Volume | None = None
    exempt: bool = False
    exempt_volume: Volume | None = None
    supplier: str = ""
    provisional: Volume | None = None
    words: str = ""


def ceiling_of(grounds: Grounds) -> Ceiling:
    """A permit before an exemption, that before a provisional figure; nothing is zero."""
    if grounds.permit is not None:
        return Ceiling(CeilingStanding.PERMITTED, grounds.permit, f"许可水量 {grounds.permit}")
    if grounds.supplier:
        return Ceiling(CeilingStanding.CUSTOMER, None, f"由{grounds.supplier}供水，上限在供水单位")
    if grounds.exempt:
        return Ceiling(CeilingStanding.EXEMPT, grounds.exempt_volume, grounds.words)
    if grounds.provisional is not None:
        return Ceiling(CeilingStanding.PROVISIONAL, grounds.provisional, grounds.words)
    return NO_GROUND


def whole_ceiling(ceilings: Iterable[Ceiling]) -> Volume | None:
    """What a unit may take of all its sources together; None where one of them has no figure."""
    volumes = [ceiling.volume for ceiling in ceilings]
    known = [volume for volume in volumes if volume is not None]
    return total(known) if known and len(known) == len(volumes) else None


def m3_by_standing(
    given: Sequence[tuple[CeilingStanding, Volume]],
) -> Mapping[CeilingStanding, Volume]:
    """How many m³ went to each: a run names them all, those with nothing too."""
    return {
        standing: total(volume for one, volume in given if one is standing)
        for standing in CeilingStanding
    }
