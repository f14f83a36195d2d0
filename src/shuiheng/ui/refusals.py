"""The pages that say no: which status a Refusal has, and what a page says when nobody says it better."""

from __future__ import annotations

from typing import NamedTuple

from shuiheng.core.refusal import Kind

STATUS = {
    Kind.INVALID: 422,
    Kind.CONFLICT: 409,
    Kind.FORBIDDEN: 403,
    Kind.MISSING: 404,
    Kind.THROTTLED: 429,
}


class Words(NamedTuple):
    """What happened, why, what to do."""

    what: str
    why: str
    remedy: str


_WORDS: dict[int | str, Words] = {
    400: Words(
        "这个请求没有看懂",
        "地址或内容不完整，系统没有保存任何东西。",
        "请回到上一页再试一次；从链接进来的，请核对链接是否完整。",
    ),
    403: Words(
        "您没有办这件事的权限",
        "您的岗位不包含这个地方或这项工作；登录时间太久也会这样。",
        "请重新登录再试；如果这是您的工作，请联系系统管理员安排岗位。",
    ),
    404: Words(
        "没有找到这一页",
        "地址不对、内容已经移走，或者不在您可以查看的范围里。",
        "请从首页或上面的搜索重新进入。",
    ),
    409: Words(
        "情况已经变了",
        "您打开这一页以后，有人先办了这件事，或者步骤已经往前走了。",
        "请重新打开这一页，看过最新情况再办。",
    ),
    422: Words("填写的内容还不能保存", "有的地方不符合规则。", "请回到上一页，按提示改好再提交。"),
    429: Words(
        "试得太频繁了",
        "为了账号安全，短时间内次数过多会暂停。",
        "请过几分钟再试；忘记密码请联系区县水务局办理。",
    ),
    500: Words(
        "系统出了故障",
        "这是系统的问题，不是您操作有误。没有保存一半的内容。",
        "请过一会儿再试一次；还不行，请把事件编号告诉系统管理员。",
    ),
}


def words(status: int | str) -> Words:
    """Of a status; anything unknown is our own bug."""
    return _WORDS[status] if status in _WORDS else _WORDS[500]
