"""How much each unit may take of each source on a day, and by what (USERS 15)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from shuiheng.core.vocabulary import Source
from shuiheng.quota.rules.ceilings import Ceiling, Grounds, ceiling_of
from shuiheng.registry.models import Recognition, Unit
from shuiheng.registry.rules.waters import RecognitionKind
from shuiheng.registry.selectors import intake_sources, permitted, recognised, suppliers_of


def ceilings(unit_ids: Iterable[int], day: date) -> dict[tuple[int, Source], Ceiling]:
    """A ceiling for every source a unit takes from, has a permit or a recognition for, or is supplied by.

    A unit with neither intake nor supplier has no entry: there is nothing it takes.
    """
    units = sorted(set(unit_ids))
    permits = permitted(units, day)
    recognitions = recognised(units, day)
    links = suppliers_of(units, day)
    kinds = {unit.pk: unit.kind_term for unit in Unit.objects.filter(pk__in=units)}
    pairs = {*intake_sources(units, day), *permits, *recognitions}
    pairs |= {(unit, Source.NETWORK) for unit in units if unit in kinds and kinds[unit].is_customer}
    found = {}
    for unit, source in sorted(pairs):
        link = links.get(unit) if source is Source.NETWORK else None
        grounds = _grounds(recognitions.get((unit, source)))
        found[unit, source] = ceiling_of(
            Grounds(
                permit=permits.get((unit, source)),
                supplier=link.supplier.name if link else "",
                exempt=grounds.exempt,
                exempt_volume=grounds.exempt_volume,
                provisional=grounds.provisional,
                words=grounds.words,
            )
        )
    return found


def _grounds(row: Recognition | None) -> Grounds:
    if row is None:
        return Grounds()
    until = f"，至 {row.until}" if row.until else ""
    if row.kind_term is RecognitionKind.EXEMPT:
        words = f"{row.article}：{row.reason}{until}"
        return Grounds(exempt=True, exempt_volume=row.volume, words=words)
    words = f"暂定 {row.volume}{until}：{row.reason}"
    return Grounds(provisional=row.volume, words=words)
