"""编制: a person's own drafts; for an office the list of all, who has not filed, reminders, 代拟."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from shuiheng.budget import services
from shuiheng.budget.forms.remind import RemindForm, reminder
from shuiheng.budget.models import Budget
from shuiheng.budget.rules import UnitStage
from shuiheng.budget.selectors import drafts as selectors
from shuiheng.budget.selectors.drafts import NOT_FILED, NOT_FILED_STAGES, DraftSearch, Listed
from shuiheng.budget.views.case import draft_url, due_of, stage_chip, track, year_before
from shuiheng.core.access import Actor, Permission
from shuiheng.core.refusal import Kind, Refusal
from shuiheng.core.vocabulary import Confidence, UnitKind
from shuiheng.core.volume import Volume, total
from shuiheng.office.models import Area, PolicyValue
from shuiheng.office.rules import policy_words
from shuiheng.office.selectors import budget_regions, policy
from shuiheng.ui import figures
from shuiheng.ui.figures import WAN
from shuiheng.ui.forms import ActForm, Done, submit
from shuiheng.ui.parts import (
    Action,
    Choice,
    Choices,
    Crumb,
    Empty,
    Filter,
    Link,
    Name,
    PageHead,
    Pages,
    Stat,
    Toolbar,
    YearChoice,
    page_number,
)
from shuiheng.ui.tables import Column, Panel, Preview, Row, Table


@login_required
@require_safe
def drafts(request: Any) -> HttpResponse:
    """编制, as the person sees it: his units' drafts, or all of his office's."""
    years = selectors.years()
    year = asked_year(request, years)
    if any(place.unit is None for place in request.actor.places(Permission.BUDGET_VIEW)):
        return _office_list(request, year, years)
    return _own_list(request, year, years)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def remind(request: Any) -> HttpResponse:
    """催报: who will get a message, who must be called, and what it says."""
    area, year, waiting = _waiting(request)
    due, _ = due_of("unit_draft", year, request.today)
    form = RemindForm(request.POST or None, initial={"text": reminder(area, year, due)})
    return submit(
        request,
        form,
        lambda data: services.remind_units(
            area, year, data["text"], actor=request.actor, now=request.now, key=data["key"]
        ),
        template="budget/preview.html",
        context=_remind_page(area, year, waiting, form),
        done=lambda outcome: Done(_list_url(area, year), _reminded(*outcome)),
    )


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def draft_by_default(request: Any) -> HttpResponse:
    """代拟: how many, by which rule, from which policy row; then one button."""
    area, year, waiting = _waiting(request)
    form = ActForm(request.POST or None)
    rule = policy("draft.default_share", request.today)
    return submit(
        request,
        form,
        lambda data: services.draft_by_default(
            area, year, actor=request.actor, now=request.now, key=data["key"]
        ),
        template="budget/preview.html",
        context=_default_page(area, year, waiting, rule, form),
        done=lambda number: Done(
            _list_url(area, year), f"已代拟并提交 {number or len(waiting)} 件。"
        ),
    )


def asked_year(request: HttpRequest, years: list[int]) -> int:
    """The year of the address if drafts were opened for it, else the newest."""
    if not years:
        raise Refusal(
            "year.none",
            "还没有开始任何年度的编制。",
            kind=Kind.MISSING,
            remedy="每年12月由市水务局开始下一年度的编制。",
        )
    text = request.GET.get("year", "")
    return int(text) if text.isdecimal() and text in map(str, years) else years[0]


def word_of(request: HttpRequest, name: str) -> str:
    """A word of the address as PostgreSQL can take it."""
    return request.GET.get(name, "").replace("\x00", "")[:60]


def year_choices(years: Sequence[int], route: str, query: str = "") -> list[YearChoice]:
    """The years of the badge; the two newest are open at once."""
    url = reverse(route)
    return [
        YearChoice(year, f"{url}?year={year}{query}", open=place < 2)
        for place, year in enumerate(years)
    ]


# -- a person's own drafts ------------------------------------------------------------------------


def _own_list(request: Any, year: int, years: list[int]) -> HttpResponse:
    budgets = selectors.budgets_of_units(request.actor, year)
    due, _ = due_of("unit_draft", year, request.today, "报草案")
    head = PageHead(
        "水预算草案",
        crumbs=[Crumb("编制")],
        year=year,
        years=year_choices(years, "budget:drafts"),
        due=due if any(budget.stage_term in NOT_FILED_STAGES for budget in budgets) else None,
    )
    return render(
        request,
        "budget/drafts_own.html",
        {"head": head, "cards": [_card(request.actor, budget) for budget in budgets]},
    )


def _card(actor: Actor, budget: Budget) -> dict[str, object]:
    asked = selectors.asked_by(budget.lines.all())
    waiting = budget.stage_term in NOT_FILED_STAGES
    verb = "继续填报" if budget.saved_at else "开始填报"
    return {
        "budget": budget,
        "track": track(budget, draft_url(budget)),
        "chip": stage_chip(budget),
        "proposed": asked.proposed,
        "reviewed": asked.reviewed,
        "saved": figures.moment(budget.saved_at) if budget.saved_at else "",
        "action": Action(verb if waiting else "查看", draft_url(budget), primary=waiting),
    }


# -- the list of an office ------------------------------------------------------------------------


def _office_list(request: Any, year: int, years: list[int]) -> HttpResponse:
    area = selectors.office_area(request.actor)
    search = _search(request, year)
    rows = selectors.drafts_in(request.actor, search)
    counts = selectors.stage_counts(rows)
    chosen = selectors.of_stage(rows, search.stage)
    whole = _count(counts, search.stage)
    pages = Pages(whole, page_number(request.GET.get("page")), "户", query=request.GET.urlencode())
    page = list(chosen.prefetch_related("lines")[pages.start : pages.stop])
    before = year_before(year, request.today)
    panel = Panel(
        "草案清单",
        [_table(selectors.listed(page, year), before, search)],
        toolbar=_toolbar(area, search, sum(counts.values())),
        pages=pages,
    )
    head = _office_head(request, area, year, years, _count(counts, NOT_FILED), search)
    context = {"head": head, "parts": _stages(counts, search), "main": panel}
    return render(request, "budget/panels.html", context)


def _search(request: HttpRequest, year: int) -> DraftSearch:
    stage, kind = request.GET.get("stage", ""), request.GET.get("kind", "")
    return DraftSearch(
        year=year,
        region=word_of(request, "region"),
        stage=stage if stage in [NOT_FILED, *UnitStage] else "",
        kind=kind if kind in list(UnitKind) else "",
        words=word_of(request, "q"),
    )


def _count(counts: dict[UnitStage, int], stage: str) -> int:
    if stage == NOT_FILED:
        return sum(counts.get(each, 0) for each in NOT_FILED_STAGES)
    return counts.get(UnitStage(stage), 0) if stage else sum(counts.values())


def _query(search: DraftSearch, **changed: str) -> str:
    words = {
        "year": str(search.year),
        "region": search.region,
        "stage": search.stage,
        "kind": search.kind,
        "q": search.words,
    } | changed
    return "?" + "&".join(f"{name}={value}" for name, value in words.items() if value)


def _stages(counts: dict[UnitStage, int], search: DraftSearch) -> Choices:
    shown = [("", "全部"), (NOT_FILED, "未报")]
    shown += [
        (stage.value, stage.label)
        for stage in UnitStage
        if stage is not UnitStage.DRAFT and (counts.get(stage) or stage == search.stage)
    ]
    choices = [
        Choice(label, _query(search, stage=stage), stage == search.stage, _count(counts, stage))
        for stage, label in shown
    ]
    note = f"名录 {sum(counts.values())} 个单位 = 已报 "
    note += f"{sum(counts.values()) - _count(counts, NOT_FILED)} + 未报 {_count(counts, NOT_FILED)}"
    return Choices(choices, tabs=True, note=note)


def _toolbar(area: Area, search: DraftSearch, whole: int) -> Toolbar:
    regions = [] if area.has_own_budget else budget_regions(search.year, area)
    filters = []
    if regions:
        options = [("", "全部区县"), *((region.code, region.name) for region in regions)]
        filters.append(Filter("region", "区县", options, search.region))
    filters.append(Filter("kind", "类型", [("", "全部类型"), *UnitKind.choices()], search.kind))
    return Toolbar(
        filters,
        search_label="单位、拼音、乡镇或电话",
        search=search.words,
        kept={"year": str(search.year), **({"stage": search.stage} if search.stage else {})},
    )


def _table(lines: list[Listed], before: str, search: DraftSearch) -> Table:
    waiting = search.stage == NOT_FILED
    columns = [
        Column("单位"),
        Column("申报", WAN, kind="figure", strong=True),
        Column(f"{before}用水", WAN, kind="figure"),
        Column("变化", kind="figure"),
        Column("状态"),
        Column("联系人"),
        Column("催报" if waiting else "保存"),
        Column("", kind="action"),
    ]
    rows = [Row(_cells(line, waiting)) for line in lines]
    empty = Empty("没有符合条件的草案。", "换一个条件，或者清空查找的内容。")
    return Table(columns, rows, caption="草案清单", empty=empty)


def _cells(line: Listed, waiting: bool) -> list[object]:
    budget, unit = line.budget, line.budget.unit
    moment = line.reminded_at if waiting else budget.saved_at
    place = f"{budget.region.name} · {unit.address_area.name} · {unit.kind_term.label}"
    return [
        Name(unit.name, place, draft_url(budget)),
        line.proposed,
        line.last_used,
        figures.change(line.proposed, line.last_used) if line.last_used else "新增",
        stage_chip(budget),
        Name(unit.contact or figures.NOT_YET_KNOWN, unit.phone or "没有电话"),
        figures.moment(moment) if moment else None,
        Link("代办" if waiting else "打开", draft_url(budget)),
    ]


def _office_head(
    request: Any, area: Area, year: int, years: list[int], missing: int, search: DraftSearch
) -> PageHead:
    due, _ = due_of("unit_draft", year, request.today, "单位报草案")
    region = search.region or (area.code if area.has_own_budget else "")
    query = f"?year={year}&area={region}"
    may = request.actor.may(Permission.BUDGET_DRAFT_FOR, area.place)
    actions = []
    if may and missing and region:
        actions = [
            Action(f"代拟 {missing} 户…", reverse("budget:draft_by_default") + query),
            Action(f"催报 {missing} 户…", reverse("budget:remind") + query, primary=True),
        ]
    return PageHead(
        f"{area.name}草案编制",
        crumbs=[Crumb(f"{area.name}"), Crumb("编制")],
        year=year,
        years=year_choices(years, "budget:drafts"),
        due=due,
        actions=actions,
    )


# -- reminding and drafting for -------------------------------------------------------------------


def _waiting(request: Any) -> tuple[Area, int, list[Budget]]:
    """The district of the address and who has not filed there."""
    area = selectors.office_area(request.actor, word_of(request, "area"))
    year = asked_year(request, selectors.years())
    search = DraftSearch(year, region=area.code, stage=NOT_FILED)
    rows = selectors.of_stage(selectors.drafts_in(request.actor, search), NOT_FILED)
    return area, year, list(rows.prefetch_related("lines"))


def _list_url(area: Area, year: int) -> str:
    return f"{reverse('budget:drafts')}?year={year}&region={area.code}"


def _reminded(sent: int, mute: list[str]) -> str:
    told = f"已给 {sent} 户发出催报短信。"
    return f"{told}{len(mute)} 户没有电话，要另外通知：{'、'.join(mute[:5])}。" if mute else told


def _drafted(number: int) -> str:
    return f"已代拟并提交 {number} 件，等审核。" if number else "这一批已经代拟过了。"


def _remind_page(
    area: Area, year: int, waiting: list[Budget], form: RemindForm
) -> dict[str, object]:
    mute = [budget.unit for budget in waiting if not budget.unit.phone]
    number = len(waiting) - len(mute)
    preview = Preview(
        f"发给这 {number} 户",
        [
            Stat("未报", len(waiting), "户"),
            Stat("发短信", number, "户"),
            Stat("没有电话", len(mute), "户"),
        ],
        title="催报前核对",
        unsaved="还没有发出",
        undo="同一户一天只发一次；发出后不能收回。每一条都留记录。",
        form=form,
        others=[Action("返回清单", _list_url(area, year))],
        blocked="" if number else "没有可以发短信的单位。",
    )
    return _act_page(area, year, "催报", waiting, preview)


def _default_page(
    area: Area, year: int, waiting: list[Budget], rule: PolicyValue, form: ActForm
) -> dict[str, object]:
    words = policy_words(rule.value, rule.unit)
    preview = Preview(
        f"代拟这 {len(waiting)} 户",
        [Stat("将代拟", len(waiting), "户"), Stat("按上年用水的", words, "")],
        title="代拟前核对",
        undo=(
            f"规则：{rule.label}，不超过取水许可；依据：{rule.source}（{Confidence(rule.confidence).label}）。"
            "代拟的草案直接进入审核，标“代拟”；由另一位同事审核，可以退回。"
        ),
        form=form,
        others=[Action("返回清单", _list_url(area, year))],
        blocked="" if waiting else "没有未报的单位。",
    )
    return _act_page(area, year, "代拟", waiting, preview)


def _act_page(
    area: Area, year: int, title: str, waiting: list[Budget], preview: Preview
) -> dict[str, object]:
    crumbs = [Crumb(area.name), Crumb("编制", _list_url(area, year)), Crumb(title)]
    columns = [Column("单位"), Column("乡镇街道"), Column("联系人"), Column("电话")]
    columns.append(Column("已填", WAN, kind="figure"))
    rows = [
        Row(
            [
                Name(budget.unit.name, budget.unit.kind_term.label, draft_url(budget)),
                budget.unit.address_area.name,
                budget.unit.contact,
                budget.unit.phone or "没有电话",
                selectors.asked_by(budget.lines.all()).proposed,
            ]
        )
        for budget in sorted(waiting, key=lambda b: (b.unit.address_area.name, b.unit.pinyin))
    ]
    whole: Volume = total(selectors.asked_by(b.lines.all()).proposed for b in waiting)
    table = Table(
        columns, rows, caption="未报单位", sums=["合计", "", "", "", whole] if rows else []
    )
    return {
        "head": PageHead(f"{title}未报单位", crumbs=crumbs, year=year),
        "main": Panel("未报单位", [table], note="按乡镇街道排列"),
        "preview": preview,
    }
