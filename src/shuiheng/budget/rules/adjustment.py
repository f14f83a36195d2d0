"""调整: up only from the reserve or a trade; down for listed grounds; changes from above (方案 四(五))."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from shuiheng.core.apportion import apportion_capped
from shuiheng.core.refusal import Kind, Refusal
from shuiheng.core.vocabulary import Book, Sector, Source, Term
from shuiheng.core.volume import Volume, total
from shuiheng.ledger.rules import AccountKey, AccountKind, Balance, Code, Entry


class Direction(Term):
    INCREASE = "increase", "调增"
    DECREASE = "decrease", "调减"


class Ground(Term):
    """Increase: 实施方案 四(五) names two cases, no third. Decrease: its list is open ('等')."""

    RESERVE = "reserve", "启用预留"
    TRADE = "trade", "用水权交易取得"
    PRODUCTION = "production", "生产计划调整"
    CROPS = "crops", "种植结构调整"
    BUSINESS = "business", "经营计划调整"
    OTHER = "other", "其他（须说明）"


GROUNDS = {
    Direction.INCREASE: (Ground.RESERVE, Ground.TRADE),
    Direction.DECREASE: (Ground.PRODUCTION, Ground.CROPS, Ground.BUSINESS, Ground.OTHER),
}


class AdjustmentState(Term):
    APPLIED = "applied", "待审批"
    GRANTED = "granted", "已批准"
    REFUSED = "refused", "未批准"
    WITHDRAWN = "withdrawn", "已撤回"


class ChangeState(Term):
    ENTERED = "entered", "已录入"
    APPLIED = "applied", "已执行"


@dataclass(frozen=True, slots=True)
class QuotaFacts:
    """A quota account as an adjustment sees it: its balance, the permit, whether it is a supplier's."""

    account: AccountKey
    balance: Balance
    permit: Volume | None = None
    is_supplier: bool = False


@dataclass(frozen=True, slots=True)
class HoldFacts:
    """A hold placed from above that stops an act, with its article."""

    act: str
    article: str


def check_application(
    direction: Direction, ground: Ground, volume: Volume, reason: str, quota: QuotaFacts
) -> None:
    """What can be refused at the counter, before an officer looks at it."""
    if volume.m3 <= 0:
        raise Refusal("adjustment.volume", "请填写要调整的水量，大于 0。", field="volume")
    if ground not in GROUNDS[direction]:
        allowed = "、".join(each.label for each in GROUNDS[direction])
        raise Refusal(
            "adjustment.ground",
            f"{direction.label}的理由只能是：{allowed}。",
            field="ground",
            remedy="调增仅适用于启用预留或交易取得两种情形（实施方案 四(五)）。",
        )
    if not reason.strip():
        raise Refusal("adjustment.no_reason", "请用一两句话说明原因。", field="reason")
    if direction is Direction.DECREASE:
        _check_decrease(volume, quota)
    else:
        _check_permit(volume, quota)


def _check_decrease(volume: Volume, quota: QuotaFacts) -> None:
    if volume > quota.balance.available:
        raise Refusal(
            "adjustment.used_already",
            f"可用余额只有 {quota.balance.available}，不能调减 {volume}。",
            kind=Kind.CONFLICT,
            field="volume",
            remedy="已经用掉的水不能调减，请填余额以内的水量。",
        )


def _check_permit(volume: Volume, quota: QuotaFacts) -> None:
    """计划不超过许可 (取水条例 Art. 24; R09)."""
    after = quota.balance.net + volume
    if quota.permit is not None and after > quota.permit:
        raise Refusal(
            "adjustment.over_permit",
            f"调增后额度 {after}，超过取水许可 {quota.permit}。",
            kind=Kind.CONFLICT,
            field="volume",
            remedy=f"最多还能调增 {quota.permit - quota.balance.net}；更多请先变更许可。",
        )


def _check_hold(holds: Sequence[HoldFacts], act: str) -> None:
    for hold in holds:
        if hold.act == act:
            raise Refusal(
                "adjustment.held",
                f"该单位被限制办理这项业务，依据：{hold.article}。",
                kind=Kind.CONFLICT,
                remedy="请先办结限制事项。",
            )


def plan_increase(
    quota: QuotaFacts,
    origin: Balance,
    ground: Ground,
    volume: Volume,
    holds: Sequence[HoldFacts],
    *,
    effective_on: date,
    document: str,
) -> tuple[Entry, ...]:
    """启用预留: from the reserve of the same area and source; for a customer, from its supplier's
    undistributed water. A trade's increase comes with the trade's own document.
    """
    _check_hold(holds, "budget.increase")
    _check_permit(volume, quota)
    if ground is Ground.TRADE:
        raise Refusal(
            "adjustment.no_trade",
            "没有找到与这次调增对应的用水权交易鉴证。",
            kind=Kind.CONFLICT,
            remedy="交易完成并经水务部门同意后，由交易单据直接调增。",
        )
    if volume > origin.net:
        where = "供水单位未分配水量" if quota.account.book is Book.NETWORK else "预留"
        raise Refusal(
            "adjustment.reserve_short",
            f"{quota.account.source.label}{where}只有 {origin.net}，不够调增 {volume}。",
            kind=Kind.CONFLICT,
            remedy="请减少水量，或等上级调增、其他单位调减。",
            facts={"reserve": origin.net, "volume": volume},
        )
    entries = [
        Entry(
            Code.INCREASE,
            reserve_of(quota.account),
            quota.account,
            volume,
            effective_on,
            document,
            note=ground.label,
        )
    ]
    if quota.is_supplier:
        entries.append(_into_network(quota.account, volume, effective_on, document))
    return tuple(entries)


def plan_decrease(
    quota: QuotaFacts,
    network_left: Volume,
    ground: Ground,
    volume: Volume,
    *,
    effective_on: date,
    document: str,
) -> tuple[Entry, ...]:
    """What a unit gives up goes to the reserve of its area and source (a customer's, to its supplier).

    `network_left` is a supplier's undistributed water: it cannot give up what its customers hold.
    """
    _check_decrease(volume, quota)
    entries = [
        Entry(
            Code.DECREASE,
            quota.account,
            reserve_of(quota.account),
            volume,
            effective_on,
            document,
            note=ground.label,
        )
    ]
    if quota.is_supplier:
        if volume > network_left:
            raise Refusal(
                "adjustment.customers_hold",
                f"供水单位未分配给用户的水量只有 {network_left}，不能调减 {volume}。",
                kind=Kind.CONFLICT,
                remedy="请先调减用户或损失的额度，再调减取水额度。",
            )
        entries.append(_out_of_network(quota.account, volume, effective_on, document))
    return tuple(entries)


def reserve_of(account: AccountKey) -> AccountKey:
    """Where an increase comes from and a decrease goes to."""
    kind = AccountKind.POOL if account.book is Book.NETWORK else AccountKind.RESERVE
    return AccountKey(
        account.book, account.year, account.source, kind, account.area, supplier=account.supplier
    )


def network_pool(supplier_account: AccountKey) -> AccountKey:
    """The undistributed water inside a supplier's network."""
    return AccountKey(
        Book.NETWORK,
        supplier_account.year,
        Source.NETWORK,
        AccountKind.POOL,
        supplier_account.area,
        supplier=supplier_account.unit,
    )


def _network_world(pool: AccountKey) -> AccountKey:
    return replace(pool, kind=AccountKind.WORLD, area=0)


def _into_network(account: AccountKey, volume: Volume, on: date, document: str) -> Entry:
    pool = network_pool(account)
    return Entry(Code.SUPPLY, _network_world(pool), pool, volume, on, document)


def _out_of_network(account: AccountKey, volume: Volume, on: date, document: str) -> Entry:
    pool = network_pool(account)
    return Entry(Code.SUPPLY_BACK, pool, _network_world(pool), volume, on, document)


@dataclass(frozen=True, slots=True)
class RegionChange:
    """What a notice from above does to one region and source: positive raises, negative cuts."""

    area: int
    source: Source
    delta: Volume
    reserve: Balance


@dataclass(frozen=True, slots=True)
class SupplierNetwork:
    """A supplier's network accounts that can be cut with it: its pool, its customers, its loss."""

    pool: Balance
    customers: tuple[QuotaFacts, ...]


@dataclass(frozen=True, slots=True)
class CutShare:
    """What one unit loses by a cut from above; shown before confirming."""

    account: AccountKey
    before: Volume
    cut: Volume


def plan_change_above(
    city: int,
    year: int,
    changes: Sequence[RegionChange],
    quotas: Sequence[QuotaFacts],
    networks: Mapping[int, SupplierNetwork],
    *,
    effective_on: date,
    document: str,
) -> tuple[tuple[Entry, ...], tuple[CutShare, ...]]:
    """A rise enters the region's reserve. A cut is taken from the reserve, then in proportion to what
    is still unused, never below use so far, never from residents or basic ecology (USERS 4).
    """
    entries: list[Entry] = []
    shares: list[CutShare] = []
    rooms = {unit: _NetworkRoom.of(network) for unit, network in networks.items()}
    for change in changes:
        book = _Above(city, year, change, effective_on, document)
        if change.delta.m3 > 0:
            entries += book.raise_entries()
        elif change.delta:
            place = (change.area, change.source)
            here = [q for q in quotas if (q.account.area, q.account.source) == place]
            cut = book.cut_shares(here, rooms)
            shares += cut
            entries += book.cut_entries(cut)
            for share in cut:
                if share.account.unit in rooms:
                    room = rooms[share.account.unit]
                    entries += room.cut(share, effective_on, document)
    return tuple(entries), tuple(shares)


@dataclass(slots=True)
class _NetworkRoom:
    """What is left to cut in a supplier's network while a notice is worked off line by line."""

    pool: Volume
    customers: list[AccountKey]
    left: list[Volume]

    @classmethod
    def of(cls, network: SupplierNetwork) -> _NetworkRoom:
        open_to_cut = [c for c in network.customers if _may_be_cut(c.account)]
        return cls(
            network.pool.net,
            [customer.account for customer in open_to_cut],
            [_left(customer) for customer in open_to_cut],
        )

    @property
    def total(self) -> Volume:
        return self.pool + total(self.left)

    def cut(self, share: CutShare, on: date, document: str) -> list[Entry]:
        """What a supplier loses, its network loses: first what is undistributed, then its customers."""
        pool = network_pool(share.account)
        from_pool = min(self.pool, share.cut)
        self.pool -= from_pool
        parts = apportion_capped(share.cut - from_pool, [v.m3 for v in self.left], self.left)
        self.left = [left - part for left, part in zip(self.left, parts, strict=True)]
        entries = [
            Entry(Code.CUT_ABOVE, account, pool, part, on, document)
            for account, part in zip(self.customers, parts, strict=True)
            if part
        ]
        return [*entries, _out_of_network(share.account, share.cut, on, document)]


@dataclass(frozen=True, slots=True)
class _Above:
    city: int
    year: int
    change: RegionChange
    effective_on: date
    document: str

    def key(self, kind: AccountKind, area: int) -> AccountKey:
        return AccountKey(Book.ABSTRACTION, self.year, self.change.source, kind, area)

    def entry(self, code: Code, debit: AccountKey, credit: AccountKey, amount: Volume) -> Entry:
        return Entry(code, debit, credit, amount, self.effective_on, self.document)

    def raise_entries(self) -> list[Entry]:
        volume, area = self.change.delta, self.change.area
        up = self.key(AccountKind.POOL, self.city)
        own = self.key(AccountKind.POOL, area)
        world, reserve = self.key(AccountKind.WORLD, 0), self.key(AccountKind.RESERVE, area)
        code = Code.RAISE_ABOVE
        return [
            self.entry(code, world, up, volume),
            self.entry(code, up, own, volume),
            self.entry(code, own, reserve, volume),
        ]

    def cut_shares(
        self, quotas: Sequence[QuotaFacts], rooms: Mapping[int, _NetworkRoom]
    ) -> list[CutShare]:
        """The reserve first (as a share of its own), then the units by what they have left."""
        wanted = -self.change.delta
        reserve = self.key(AccountKind.RESERVE, self.change.area)
        from_reserve = min(wanted, self.change.reserve.net)
        shares = [CutShare(reserve, self.change.reserve.net, from_reserve)]
        rest = wanted - from_reserve
        open_to_cut = [q for q in quotas if _may_be_cut(q.account)]
        room = [_room(q, rooms) for q in open_to_cut]
        parts = apportion_capped(rest, [r.m3 for r in room], room)
        if total(parts) != rest:
            raise Refusal(
                "change.cannot_absorb",
                f"{self.change.source.label}要调减 {wanted}：预留能出 {from_reserve}，"
                f"未用额度能出 {total(room)}，还差 {rest - total(parts)}。",
                kind=Kind.CONFLICT,
                remedy="居民生活、基本生态和已经用掉的水不能再减，请与上级核对调减水量。",
            )
        shares += [
            CutShare(quota.account, quota.balance.net, part)
            for quota, part in zip(open_to_cut, parts, strict=True)
        ]
        return [share for share in shares if share.cut]

    def cut_entries(self, shares: Sequence[CutShare]) -> list[Entry]:
        code, volume = Code.CUT_ABOVE, -self.change.delta
        own = self.key(AccountKind.POOL, self.change.area)
        up = self.key(AccountKind.POOL, self.city)
        entries = [self.entry(code, share.account, own, share.cut) for share in shares]
        entries.append(self.entry(code, own, up, volume))
        entries.append(self.entry(code, up, self.key(AccountKind.WORLD, 0), volume))
        return entries


def is_over_by_cut(balance: Balance, cut: Volume) -> bool:
    """因上级调减: over its quota only because that much was taken from above; no offender (USERS 4)."""
    return balance.available.m3 < 0 <= (balance.available + cut).m3


def _may_be_cut(account: AccountKey) -> bool:
    return account.sector not in (Sector.RESIDENTS, Sector.ECOLOGY)


def _left(quota: QuotaFacts) -> Volume:
    return max(quota.balance.available, Volume())


def _room(quota: QuotaFacts, rooms: Mapping[int, _NetworkRoom]) -> Volume:
    """What can be taken from a unit: what it has left, and of a supplier what its network can give."""
    network = rooms.get(quota.account.unit)
    return _left(quota) if network is None else min(_left(quota), network.total)
