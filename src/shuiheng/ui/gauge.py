"""水尺, the gauge: used against quota, anywhere; and the phone's first answer, which is built around one."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar

from shuiheng.core.volume import Volume
from shuiheng.ui import figures, palette
from shuiheng.ui.parts import Chip, Part, State


@dataclass(frozen=True)
class Gauge(Part):
    """水尺: track = quota, fill = used in the state's colour, dark mark = plan to date, deeper red beyond 100 %.

    It stands next to its figures; the text alternative carries the three of them.
    """

    template: ClassVar[str] = "ui/gauge.html"
    used: Volume
    quota: Volume
    plan: Volume | None = None
    state: State = State.NORMAL
    unit: str = figures.M3
    large: bool = False
    plan_label: str = "按计划应到"
    quota_label: str = "额度"

    @property
    def _full(self) -> int:
        return max(self.quota.m3, self.used.m3, self.plan.m3 if self.plan else 0, 1)

    def _at(self, m3: int) -> str:
        return figures.percent_of(max(m3, 0), self._full)

    @property
    def track_width(self) -> str:
        return self._at(self.quota.m3)

    @property
    def fill_width(self) -> str:
        return self._at(min(self.used.m3, self.quota.m3))

    @property
    def beyond_width(self) -> str:
        return self._at(self.used.m3 - self.quota.m3) if self.used > self.quota else ""

    @property
    def plan_at(self) -> str:
        return "" if self.plan is None else self._at(self.plan.m3)

    @property
    def fill(self) -> str:
        if self.used > self.quota:
            return palette.OVER
        return {State.WARNED: palette.WARNED, State.OVER: palette.OVER}.get(
            self.state, palette.USED
        )

    @property
    def ticks(self) -> list[tuple[str, str]]:
        """Position and height of the marks at every tenth of the quota."""
        return [
            (self._at(self.quota.m3 * tenth // 10), "9" if tenth % 5 == 0 else "5")
            for tenth in range(11)
        ]

    @property
    def quota_text(self) -> str:
        return figures.in_unit(self.quota, self.unit)

    @property
    def plan_text(self) -> str:
        return "" if self.plan is None else figures.in_unit(self.plan, self.unit)

    @property
    def plan_anchor(self) -> str:
        """The label stands before the mark, or behind it when the mark is near the start."""
        plan = self.plan.m3 if self.plan else 0
        return "start" if plan * 2 < self._full else "end"

    @property
    def alternative(self) -> str:
        figure = figures.in_unit(self.used, self.unit)
        plan = f"，{self.plan_label} {self.plan_text}" if self.plan is not None else ""
        share = (
            f"，占 {figures.percent(Fraction(self.used.m3, self.quota.m3))}" if self.quota else ""
        )
        return f"已用 {figure}{plan}，{self.quota_label} {self.quota_text} {self.unit}{share}"


@dataclass(frozen=True)
class Answer(Part):
    """The first thing on a phone: 9月还能用 48,740 m³, a use people know, the gauge, one line of figures."""

    template: ClassVar[str] = "ui/answer.html"
    label: str
    figure: object
    unit: str = figures.M3
    meaning: str = ""
    gauge: Gauge | None = None
    line: str = ""
    chip: Chip | None = None
    year: int | None = None

    @property
    def text(self) -> str:
        return figures.written(self.figure, self.unit)
