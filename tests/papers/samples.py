"""One paper of each kind, with the hard cases in it: a name of forty hanzi, rare ones, odd m³, zeros."""

from __future__ import annotations

from datetime import date

from shuiheng.core.volume import Volume
from shuiheng.papers.rules import (
    ActivityLine,
    AdjustmentFacts,
    AdjustmentLine,
    Annex,
    AnnexRow,
    ClaimCard,
    ClaimCodesFacts,
    DemandLine,
    DraftFacts,
    Facts,
    FinalAccountFacts,
    FinalLine,
    Heading,
    NoticeFacts,
    QuotaLine,
    SchemeFacts,
    StatementEntry,
    StatementFacts,
    notice_rules,
)

LONG_NAME = "新疆维吾尔自治区乌鲁木齐市米东区石化循环经济产业园综合污水处理及再生水利用有限公司"
RARE_NAME = "堃珺赟昇璟农业专业合作社"
ISSUER = "乌鲁木齐市水务局"
REGIONS = (
    "甘泉堡经济技术开发区",
    "米东区",
    "经开区（头屯河区）",
    "高新区（新市区）",
    "天山区",
    "沙依巴克区",
    "水磨沟区",
    "达坂城区",
    "乌鲁木齐县",
)
MONTHS = tuple(
    Volume(m3)
    for m3 in (
        50_000,
        50_000,
        60_000,
        80_000,
        90_000,
        90_000,
        100_000,
        100_000,
        80_000,
        70_000,
        52_000,
        52_000,
    )
)


def heading(title: str, number: str = "", *, seal: str = "") -> Heading:
    return Heading(
        issuer=ISSUER,
        title=title,
        dated=date(2026, 2, 13),
        number=number,
        signer="张三" if number else "",
        mark="演示数据",
        seal=seal,
    )


NOTICE = NoticeFacts(
    addressee=LONG_NAME,
    unit_number="650109-0042",
    area="米东区",
    year=2026,
    basis="《乌鲁木齐市水预算管理试点实施方案》和2026年度水量分配计划",
    lines=(
        QuotaLine(
            source="地表水", sector="工业", through="B650109S2021-0012", quota=Volume(474_000)
        ),
        QuotaLine(source="非常规水", sector="工业", through=RARE_NAME, quota=Volume(400_000)),
    ),
    months=MONTHS,
    rules=notice_rules(2026, date(2026, 12, 15)),
    contact="阿依古丽·买买提",
    phone="0991-0000000",
    copied_to=("米东区水务局", "乌鲁木齐市财政局"),
)

SOURCES = ("地表水", "地下水", "外调水", "非常规水")


def units_annex(count: int) -> Annex:
    """`count` units; every seventh has the long name, so that rows differ in height."""
    return Annex(
        title="2026年度水预算单位基准额度表",
        row_label="水预算单位",
        columns=SOURCES,
        rows=tuple(
            AnnexRow(
                name=LONG_NAME if n % 7 == 0 else f"示例企业{n}",
                number=f"650109-{n:04d}",
                figures=tuple(Volume(100 * (n * 37 + s * 1_013)) for s in range(4)),
            )
            for n in range(count)
        ),
    )


SCHEME = SchemeFacts(
    addressee="各区（县）水行政主管部门，各水预算单位",
    paragraphs=("《乌鲁木齐市2026年度水预算方案》已经审定，现下达给你们，请遵照执行。",),
    annexes=(
        Annex(
            title="2026年度各行政区域水预算基准额度表",
            row_label="行政区域",
            columns=SOURCES,
            rows=tuple(
                AnnexRow(
                    name=region,
                    figures=(
                        Volume(123_456_789),
                        Volume(99_000_000),
                        Volume(0),
                        Volume(5_500_001),
                    ),
                )
                for region in REGIONS
            ),
        ),
        units_annex(60),
        Annex(title="2026年度新增单位额度表", row_label="水预算单位", columns=("额度",), rows=()),
    ),
    contact="张三",
    phone="0991-0000000",
    copied_to=("新疆维吾尔自治区水利厅",),
)

ADJUSTMENT = AdjustmentFacts(
    addressee=RARE_NAME,
    year=2026,
    applied_on=date(2026, 1, 22),
    case="启用预留水预算指标",
    reason="你单位技术改造后产能增加，取水许可尚有余量。",
    lines=(
        AdjustmentLine(
            source="地表水", sector="工业", before=Volume(474_000), change=Volume(26_000)
        ),
        AdjustmentLine(
            source="非常规水", sector="工业", before=Volume(400_000), change=Volume(-6_000)
        ),
    ),
    effective_on=date(2026, 3, 1),
    contact="张三",
    phone="0991-0000000",
)

REFUSED_ADJUSTMENT = AdjustmentFacts(
    addressee=RARE_NAME,
    year=2026,
    applied_on=date(2026, 1, 22),
    case="",
    reason="本区域预留水预算指标已经用完，你单位也没有取得用水权交易指标。",
    lines=(),
    effective_on=date(2026, 2, 13),
    contact="张三",
    phone="0991-0000000",
)

FINAL_ACCOUNT = FinalAccountFacts(
    holder=LONG_NAME,
    holder_number="650109-0042",
    area="米东区",
    year=2026,
    known_on=date(2026, 12, 14),
    lines=(
        FinalLine(
            source="地表水",
            sector="工业",
            issued=Volume(474_000),
            adjusted=Volume(26_000),
            used=Volume(520_123),
        ),
        FinalLine(
            source="非常规水",
            sector="城乡居民生活",
            issued=Volume(1_400_000),
            adjusted=Volume(-6_000),
            used=Volume(353_877),
        ),
    ),
    months=MONTHS,
    by_basis=(("计量", Volume(800_000)), ("自报", Volume(74_000)), ("暂估", Volume(0))),
    remarks="",
    filled_by="张三",
    phone="0991-0000000",
)

DRAFT = DraftFacts(
    unit=RARE_NAME,
    unit_number="650109-0101",
    credit_code="91650109MA00000000",
    unit_kind="灌区用户",
    area="米东区",
    address="乌鲁木齐市米东区长山子镇",
    year=2027,
    activities=(
        ActivityLine(
            name="玉米（滴灌）", scale="2,000 亩", norm="420 m³/亩", demand=Volume(840_000)
        ),
        ActivityLine(name="蔬菜大棚", scale="85 亩", norm="400 m³/亩", demand=Volume(34_000)),
    ),
    lines=(
        DemandLine(
            source="地表水",
            sector="农业",
            through="B650109S2021-0352",
            last_use=Volume(812_345),
            demand=Volume(874_000),
        ),
    ),
    months=MONTHS,
    explanation="新增滴灌面积 85 亩。",
    filed_as="代办",
    filled_by="李四",
    phone="13900000000",
)


def statement(entries: int) -> StatementFacts:
    return StatementFacts(
        holder=LONG_NAME,
        holder_number="650109-0042",
        area="米东区",
        account="地表水　工业",
        year=2026,
        since=date(2026, 1, 1),
        until=date(2026, 11, 30),
        known_on=date(2026, 12, 5),
        opening_quota=Volume(0),
        opening_used=Volume(0),
        entries=tuple(_entry(n) for n in range(entries)),
    )


def _entry(n: int) -> StatementEntry:
    if n == 0:
        return StatementEntry(
            on=date(2026, 2, 13),
            kind="下达",
            summary="下达2026年度基准额度",
            document="乌水预〔2026〕12号",
            grant=Volume(874_000),
        )
    return StatementEntry(
        on=date(2026, 1 + n % 11, 1 + n % 28),
        kind="用水",
        summary="月度用水（自报）",
        document="",
        used=Volume(5_000 + n),
    )


CLAIM_CODES = ClaimCodesFacts(
    area="米东区",
    address="http://127.0.0.1:8000",
    phone="0991-0000000",
    cards=tuple(
        ClaimCard(
            unit=LONG_NAME if n % 3 == 0 else RARE_NAME,
            unit_number=f"650109-{n:04d}",
            code="k7pm-3xq2",
            expires_on=date(2027, 1, 31),
        )
        for n in range(9)
    ),
)

SAMPLES: dict[str, tuple[str, Heading, Facts]] = {
    "issue_notice": (
        "issue_notice",
        heading("关于下达2026年度水预算基准额度的通知", "乌水预〔2026〕12号"),
        NOTICE,
    ),
    "issue_scheme": (
        "issue_scheme",
        heading("关于下达乌鲁木齐市2026年度水预算方案的通知", "乌水预〔2026〕11号"),
        SCHEME,
    ),
    "adjustment": (
        "adjustment",
        heading("关于2026年度水预算调整的批复", "乌水预〔2026〕58号"),
        ADJUSTMENT,
    ),
    "adjustment_refused": (
        "adjustment",
        heading("关于2026年度水预算调整的批复", "乌水预〔2026〕59号"),
        REFUSED_ADJUSTMENT,
    ),
    "final_account": ("final_account", heading("2026年度水预算决算表"), FINAL_ACCOUNT),
    "draft": ("draft", heading("2027年度水预算申报表"), DRAFT),
    "statement": (
        "statement",
        heading("2026年度水账对账单", seal="2026-12-04 8f3c2a91"),
        statement(40),
    ),
    "claim_codes": ("claim_codes", heading("水预算单位账号领取码"), CLAIM_CODES),
}
