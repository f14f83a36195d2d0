"""Who may do what, where. The one table of grants and the one test `require`; there is no other check.

A Place is an area path of the year (`650000/650100/650109`), or one unit inside it. A post or a
membership gives a role at a place; the role gives permissions at that place and below.
"""

from __future__ import annotations

from dataclasses import dataclass

from shuiheng.core.refusal import Kind, Refusal
from shuiheng.core.vocabulary import Term


class Role(Term):
    UNIT_CLERK = "unit_clerk", "单位经办人"
    SUPPLIER_MANAGER = "supplier_manager", "供水单位管理员"
    IRRIGATION_MANAGER = "irrigation_manager", "灌区管理员"
    METER_CONTRACTOR = "meter_contractor", "计量运维人员"
    TOWNSHIP_OFFICER = "township_officer", "乡镇水管员"
    COUNTY_OFFICER = "county_officer", "区县经办"
    COUNTY_REVIEWER = "county_reviewer", "区县审核"
    CITY_OFFICER = "city_officer", "市级经办"
    CITY_REVIEWER = "city_reviewer", "市级审核"
    LEADER = "leader", "分管领导"
    COOPERATING = "cooperating", "配合部门"
    FINANCE_AUDIT = "finance_audit", "财政与审计"
    REGION_READER = "region_reader", "自治区水利厅（查看）"
    KEEPER = "keeper", "系统管理员"


class Permission(Term):
    UNIT_VIEW = "unit.view", "查看单位"
    UNIT_EDIT = "unit.edit", "维护名录"
    DIRECTORY_APPROVE = "directory.approve", "审定名录"
    ACCOUNT_MEND = "account.mend", "办理账号"
    BUDGET_VIEW = "budget.view", "查看预算"
    BUDGET_DRAFT = "budget.draft", "编制草案"
    BUDGET_DRAFT_FOR = "budget.draft_for", "代办填报"
    BUDGET_REVIEW = "budget.review", "审核草案"
    BUDGET_REVIEW_PUBLIC = "budget.review_public", "审核公共供水单位草案"
    BUDGET_OPINE = "budget.opine", "签署部门意见"
    BUDGET_COMPILE = "budget.compile", "汇编上报"
    BUDGET_APPROVE = "budget.approve", "审定区县草案"
    ALLOCATION_ENTER = "allocation.enter", "录入水量分配计划"
    BASELINE_RUN = "baseline.run", "核算基准额度"
    BUDGET_ISSUE = "budget.issue", "下达"
    USE_REPORT = "use.report", "填报用水"
    USE_REPORT_FOR = "use.report_for", "代报用水"
    ADJUSTMENT_APPLY = "adjustment.apply", "申请调整"
    ADJUSTMENT_DECIDE = "adjustment.decide", "审批调整"
    CHANGE_ABOVE_ENTER = "change_above.enter", "录入上级调整"
    FINAL_CONFIRM = "final.confirm", "确认决算"
    FINAL_REVIEW = "final.review", "审核决算"
    FINAL_CLOSE = "final.close", "完成市级决算"
    LEDGER_VIEW = "ledger.view", "查看水账"
    PAPER_HANDLE = "paper.handle", "办理文书"
    PAPER_ACKNOWLEDGE = "paper.acknowledge", "签收文书"
    POLICY_VIEW = "policy.view", "查看参数"
    POLICY_EDIT = "policy.edit", "维护参数"
    POST_ASSIGN = "post.assign", "安排岗位"
    PLANNING_VIEW = "planning.view", "查看规划测算"
    NORM_EDIT = "norm.edit", "维护定额"
    INFLOW_ENTER = "inflow.enter", "录入来水"


P = Permission
_UNIT_READ = frozenset({P.UNIT_VIEW, P.BUDGET_VIEW, P.LEDGER_VIEW, P.POLICY_VIEW})
_UNIT_WORK = _UNIT_READ | {
    P.BUDGET_DRAFT,
    P.USE_REPORT,
    P.ADJUSTMENT_APPLY,
    P.FINAL_CONFIRM,
    P.PAPER_ACKNOWLEDGE,
}
_OFFICE_READ = _UNIT_READ | {P.PLANNING_VIEW}
_COUNTY_WORK = _OFFICE_READ | {
    P.UNIT_EDIT,
    P.ACCOUNT_MEND,
    P.BUDGET_DRAFT_FOR,
    P.USE_REPORT_FOR,
    P.BUDGET_COMPILE,
    P.PAPER_HANDLE,
    P.INFLOW_ENTER,
}
_REVIEW = frozenset({P.BUDGET_REVIEW, P.ADJUSTMENT_DECIDE, P.FINAL_REVIEW})
_CITY_WORK = _COUNTY_WORK | {
    P.ALLOCATION_ENTER,
    P.BASELINE_RUN,
    P.CHANGE_ABOVE_ENTER,
    P.NORM_EDIT,
}

GRANTS: dict[Role, frozenset[Permission]] = {
    Role.UNIT_CLERK: _UNIT_WORK,
    Role.SUPPLIER_MANAGER: _UNIT_WORK,
    Role.IRRIGATION_MANAGER: _UNIT_WORK,
    Role.METER_CONTRACTOR: frozenset({P.UNIT_VIEW}),
    Role.TOWNSHIP_OFFICER: _OFFICE_READ | {P.BUDGET_DRAFT_FOR, P.USE_REPORT_FOR, P.PAPER_HANDLE},
    Role.COUNTY_OFFICER: _COUNTY_WORK,
    Role.COUNTY_REVIEWER: _COUNTY_WORK | _REVIEW,
    Role.CITY_OFFICER: _CITY_WORK,
    Role.CITY_REVIEWER: _CITY_WORK
    | _REVIEW
    | {
        P.BUDGET_REVIEW_PUBLIC,
        P.BUDGET_APPROVE,
        P.DIRECTORY_APPROVE,
        P.BUDGET_ISSUE,
        P.FINAL_CLOSE,
    },
    Role.LEADER: _OFFICE_READ,
    Role.COOPERATING: _OFFICE_READ | {P.BUDGET_OPINE},
    Role.FINANCE_AUDIT: _OFFICE_READ,
    Role.REGION_READER: _OFFICE_READ,
    Role.KEEPER: frozenset(
        {P.POLICY_VIEW, P.POLICY_EDIT, P.NORM_EDIT, P.POST_ASSIGN, P.ACCOUNT_MEND, P.UNIT_VIEW}
    ),
}


@dataclass(frozen=True, slots=True)
class Place:
    """An area and all below it, or one unit (`unit` = its id) in that area."""

    path: str
    unit: int | None = None

    def holds(self, other: Place) -> bool:
        """Whether `other` is this place or lies inside it."""
        if self.unit is not None:
            return self.unit == other.unit
        return other.path == self.path or other.path.startswith(self.path + "/")


@dataclass(frozen=True, slots=True)
class Holding:
    """One role at one place: a post of an officer, or a membership of a unit's person."""

    role: Role
    place: Place


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: the person, what he holds today, and for whom he stands in (代岗), if anyone."""

    user_id: int
    name: str
    holdings: tuple[Holding, ...] = ()
    standing_in_for: str = ""

    def may(self, permission: Permission, place: Place) -> bool:
        return any(
            permission in GRANTS[holding.role] and holding.place.holds(place)
            for holding in self.holdings
        )

    def may_somewhere(self, permission: Permission) -> bool:
        return any(permission in GRANTS[holding.role] for holding in self.holdings)

    def places(self, permission: Permission) -> list[Place]:
        """Where this permission is held; `office.selectors.scope` turns it into SQL."""
        return [h.place for h in self.holdings if permission in GRANTS[h.role]]

    def has_role(self, *roles: Role) -> bool:
        return any(holding.role in roles for holding in self.holdings)


SYSTEM = Actor(user_id=0, name="系统")


def require(actor: Actor, permission: Permission, place: Place) -> None:
    """Refuse unless `actor` holds `permission` at `place`. The system itself may do all."""
    if actor is SYSTEM or actor.may(permission, place):
        return
    raise Refusal(
        "access.denied",
        f"您的岗位没有在这里“{permission.label}”的权限。",
        kind=Kind.FORBIDDEN,
        remedy="如果这是您的工作，请联系系统管理员安排岗位。",
        facts={"permission": permission.value},
    )
