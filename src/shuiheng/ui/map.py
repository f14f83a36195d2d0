"""The district map: the published boundaries, simplified for drawing, numbered like the rows beside it.

Boundaries: Tianditu public administrative set of 2024, approval number GS(2024)0650, WGS-84; the number is printed
under every map. Simplified for the eye, not for measuring areas. A place without a polygon is a dot and says so.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from math import cos, hypot, radians
from pathlib import Path
from typing import ClassVar

from shuiheng.ui import palette
from shuiheng.ui.parts import Part, State

APPROVAL = "GS(2024)0650"
DATA = Path(__file__).parent / "data"

Point = tuple[float, float]
Ring = list[Point]

_SIMPLER_THAN_PX = 0.5
_GRID = 24


@dataclass(frozen=True)
class Mark:
    """What the map says about one area: its number in the table, its state, where a click leads."""

    code: str  # adcode such as 650109, or a local code such as 6501L1
    label: str
    number: int
    state: State = State.NORMAL
    url: str = ""


@dataclass(frozen=True)
class Shape:
    """One drawn area: a path, or for a place without boundary only the dot at (x, y)."""

    mark: Mark
    path: str
    fill: str
    edge: str
    x: str
    y: str

    @property
    def title(self) -> str:
        return f"{self.mark.number} {self.mark.label}：{self.mark.state.label}"


@dataclass(frozen=True)
class DistrictMap(Part):
    template: ClassVar[str] = "ui/charts/map.svg.html"
    width: int
    height: int
    shapes: list[Shape]
    dots: list[Shape]
    legend: list[tuple[str, str, str]]
    note: str
    alternative: str


_FILL = {
    State.NORMAL: palette.MAP_NORMAL,
    State.WARNED: palette.MAP_WARNED,
    State.OVER: palette.OVER,
}
_EDGE = {
    State.NORMAL: palette.PANEL,
    State.WARNED: palette.MAP_WARNED_EDGE,
    State.OVER: palette.BEYOND,
}


def district_map(marks: Sequence[Mark], *, width: int = 262) -> DistrictMap:
    """Draw the areas of `marks`, warned ones last so that their dark edge is whole.

    A code without polygon needs a schematic point in data/schematic_points.json, else KeyError.
    """
    rings = {mark.code: polygons()[mark.code] for mark in marks if mark.code in polygons()}
    drawn = _Projection.of([ring for area in rings.values() for ring in area], width)
    order = list(State)
    shapes, dots = [], []
    for mark in sorted(marks, key=lambda mark: order.index(mark.state)):
        if mark.code in rings:
            shapes.append(_area(mark, [drawn.ring(ring) for ring in rings[mark.code]]))
        else:
            dots.append(_dot(mark, drawn.point(schematic_points()[mark.code])))
    return DistrictMap(
        width=width,
        height=drawn.height,
        shapes=shapes,
        dots=dots,
        legend=[(state.label, _FILL[state], _EDGE[state]) for state in State],
        note=_note(dots),
        alternative="，".join(
            f"{mark.number} {mark.label}{mark.state.label}"
            for mark in sorted(marks, key=lambda mark: mark.number)
        ),
    )


def _area(mark: Mark, rings: list[Ring]) -> Shape:
    largest = max(rings, key=len)
    x, y = _inner_point(largest)
    path = "".join(
        "M" + "L".join(f"{px:.1f} {py:.1f}" for px, py in simplified(ring, _SIMPLER_THAN_PX)) + "Z"
        for ring in rings
    )
    return Shape(mark, path, _FILL[mark.state], _EDGE[mark.state], f"{x:.1f}", f"{y:.1f}")


def _dot(mark: Mark, at: Point) -> Shape:
    fill, edge = _FILL[mark.state], _EDGE[mark.state]
    return Shape(mark, "", fill, edge, f"{at[0]:.1f}", f"{at[1]:.1f}")


def _note(dots: Sequence[Shape]) -> str:
    names = "、".join(shape.mark.label for shape in dots)
    schematic = f"{names}无国标区划界线，以圆点示意位置。" if names else ""
    return f"{schematic}审图号：{APPROVAL}；边界已简化，只供示意。"


@dataclass(frozen=True)
class _Projection:
    """Degrees to pixels: equirectangular, true at the middle latitude, north up."""

    west: float
    north: float
    per_lon: float
    per_lat: float
    margin: float
    height: int

    @classmethod
    def of(cls, rings: Sequence[Ring], width: int, margin: float = 3.0) -> _Projection:
        lons = [lon for ring in rings for lon, _ in ring]
        lats = [lat for ring in rings for _, lat in ring]
        west, east, south, north = min(lons), max(lons), min(lats), max(lats)
        per_lon = (width - 2 * margin) / (east - west)
        per_lat = per_lon / cos(radians((south + north) / 2))
        height = round((north - south) * per_lat + 2 * margin)
        return cls(west, north, per_lon, per_lat, margin, height)

    def point(self, at: Point) -> Point:
        lon, lat = at
        return (
            self.margin + (lon - self.west) * self.per_lon,
            self.margin + (self.north - lat) * self.per_lat,
        )

    def ring(self, ring: Ring) -> Ring:
        return [self.point(at) for at in ring]


@cache
def polygons() -> dict[str, list[Ring]]:
    """The outer rings of every area by its adcode, in degrees."""
    collection = json.loads((DATA / "districts.geojson").read_text(encoding="utf-8"))
    return {
        feature["properties"]["adcode"]: [
            [(lon, lat) for lon, lat in polygon[0]]
            for polygon in feature["geometry"]["coordinates"]
        ]
        for feature in collection["features"]
    }


@cache
def schematic_points() -> dict[str, Point]:
    """Where places without boundary are drawn: by hand, for the eye only."""
    points = json.loads((DATA / "schematic_points.json").read_text(encoding="utf-8"))["points"]
    return {code: (point["lon"], point["lat"]) for code, point in points.items()}


def simplified(ring: Ring, tolerance: float) -> Ring:
    """Douglas–Peucker: the fewest points of `ring` that stay within `tolerance` of it."""
    keep = {0, len(ring) - 1}
    spans = [(0, len(ring) - 1)]
    while spans:
        first, last = spans.pop()
        far, distance = first, 0.0
        for index in range(first + 1, last):
            away = _distance(ring[index], ring[first], ring[last])
            if away > distance:
                far, distance = index, away
        if distance > tolerance:
            keep.add(far)
            spans += [(first, far), (far, last)]
    return [ring[index] for index in sorted(keep)]


def _distance(point: Point, start: Point, end: Point) -> float:
    """From a point to a segment."""
    (x, y), (x1, y1), (x2, y2) = point, start, end
    dx, dy = x2 - x1, y2 - y1
    length = dx * dx + dy * dy
    along = max(0.0, min(1.0, ((x - x1) * dx + (y - y1) * dy) / length)) if length else 0.0
    return hypot(x - x1 - along * dx, y - y1 - along * dy)


def _inner_point(ring: Ring) -> Point:
    """The place for a label: of a grid of points inside the ring, the one farthest from its edge."""
    xs, ys = [x for x, _ in ring], [y for _, y in ring]
    left, top = min(xs), min(ys)
    wide, tall = max(xs) - left, max(ys) - top
    inside = [
        (left + wide * i / _GRID, top + tall * j / _GRID)
        for i in range(1, _GRID)
        for j in range(1, _GRID)
    ]
    edges = list(zip(ring, [*ring[1:], ring[0]], strict=True))
    return max(
        (point for point in inside if _contains(edges, point)),
        key=lambda point: min(_distance(point, start, end) for start, end in edges),
        default=(left + wide / 2, top + tall / 2),
    )


def _contains(edges: Sequence[tuple[Point, Point]], point: Point) -> bool:
    x, y = point
    crossings = sum(
        (y1 > y) != (y2 > y) and x < (x2 - x1) * (y - y1) / (y2 - y1) + x1
        for (x1, y1), (x2, y2) in edges
    )
    return crossings % 2 == 1
