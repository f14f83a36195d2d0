"""What a bench file gives back."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured figure: `goal` such as '>= 300', or '' for a floor that stands beside another."""

    name: str
    figure: float
    unit: str
    goal: str
    holds: bool


def figure(name: str, value: float, unit: str, goal: str = "") -> Figure:
    """A figure judged against its goal; a floor without goal always holds."""
    relation, number = goal.split() if goal else (">=", "0")
    holds = value >= float(number) if relation == ">=" else value <= float(number)
    return Figure(name, round(value, 4), unit, goal, holds)
