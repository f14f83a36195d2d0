"""`shuiheng keeper`: areas and the first system keeper of an empty database."""

from __future__ import annotations

import argparse
import getpass
from typing import Any

from django.db import transaction

from shuiheng.core.access import Role
from shuiheng.core.clock import beijing_date
from shuiheng.office.models import Post
from shuiheng.office.services import load_areas, make_user, root_area


def add_commands(commands: Any) -> None:
    parser = commands.add_parser(
        "keeper", help="装载行政区划，并建立第一位系统管理员（正式库启用时用一次）"
    )
    parser.add_argument("login", help="登录名")
    parser.add_argument("name", help="姓名")
    parser.set_defaults(run=add_keeper)


def add_keeper(args: argparse.Namespace) -> int:
    """The password is typed, never an argument; all other posts are given on the page by the keeper."""
    password = getpass.getpass("口令（至少 10 位）：")
    with transaction.atomic():
        load_areas()
        user = make_user(args.name, args.login, password, now=args.now)
        since = beijing_date(args.now)
        Post.objects.create(user=user, role=Role.KEEPER, area=root_area(), since=since)
    print(f"已建立系统管理员 {args.name}（{args.login}）。")
    return 0
