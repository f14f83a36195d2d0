"""Ledger tests written as a table: one line a transfer, its outcome at the end.

    ALLOT      world    pool     100   ok
    SET_ASIDE  pool     reserve  101   ledger.overdrawn

Accounts are words: a kind, and for holders a letter (`quota.a`). `-` in front of a code takes the last
such fact back. After the table the balances asked for are compared as `account  in out used`.
"""

from __future__ import annotations

from datetime import UTC, date, datetime

from shuiheng.core.access import SYSTEM
from shuiheng.core.refusal import Refusal
from shuiheng.core.vocabulary import Book, Sector, Source
from shuiheng.core.volume import Volume
from shuiheng.ledger.models import Account, Transfer
from shuiheng.ledger.rules import AccountKey, AccountKind, Code, Entry
from shuiheng.ledger.services import post
from shuiheng.office.models import Act, Area
from shuiheng.office.services import begin_act
from shuiheng.registry.models import Unit

NOW = datetime(2026, 3, 1, 4, tzinfo=UTC)
YEAR = 2026
WITHOUT_AREA = (AccountKind.WORLD,)


class Books:
    """A tiny city: one area, units `a`, `b`, and a supplier `s` whose network they may draw on."""

    def __init__(self) -> None:
        self.area = Area.objects.create(
            code="T1", name="试验区", kind="district", path="T1", pinyin="syq", has_own_budget=True
        )
        self.units = {letter: self._unit(letter) for letter in "abs"}
        self.acts = 0

    def _unit(self, letter: str) -> Unit:
        kind = "waterworks" if letter == "s" else "self_supplied"
        return Unit.objects.create(
            code=f"T-{letter}",
            name=f"单位{letter}",
            pinyin=letter,
            kind=kind,
            sector="industry",
            region=self.area,
            address_area=self.area,
            opened_on=date(2020, 1, 1),
        )

    def act(self) -> Act:
        self.acts += 1
        return begin_act(f"books:{self.area.pk}:{self.acts}", "test", actor=SYSTEM, now=NOW)

    def key(self, word: str) -> AccountKey:
        network = word.startswith("net:")
        kind_word, _, letter = word.removeprefix("net:").partition(".")
        kind = AccountKind(kind_word)
        sectored = (AccountKind.QUOTA, AccountKind.CELL, AccountKind.USED, AccountKind.LOSS)
        sector = Sector.LOSS if kind is AccountKind.LOSS else Sector.INDUSTRY
        return AccountKey(
            Book.NETWORK if network else Book.ABSTRACTION,
            YEAR,
            Source.NETWORK if network else Source.GROUND,
            kind,
            0 if kind in WITHOUT_AREA else self.area.pk,
            sector if kind in sectored else None,
            self.units[letter].pk if letter else 0,
            self.units["s"].pk if network else 0,
        )

    def entry(self, code_word: str, debit: str, credit: str, amount: int) -> Entry:
        code = Code(code_word.lstrip("-").lower())
        corrects = None
        if code_word.startswith("-"):
            last = Transfer.objects.filter(code=code).latest("pk")
            corrects = last.pk
        return Entry(
            code,
            self.key(debit),
            self.key(credit),
            Volume(amount),
            NOW.date(),
            "test/1",
            corrects=corrects,
        )

    def play(self, table: str) -> None:
        """Post line by line; each must end as its last word says."""
        for line in table.strip().splitlines():
            if not line.strip():
                continue
            code, debit, credit, amount, expected = line.split()
            assert self.outcome(code, debit, credit, int(amount)) == expected, line.strip()

    def outcome(self, code: str, debit: str, credit: str, amount: int) -> str:
        try:
            post([self.entry(code, debit, credit, amount)], act=self.act())
        except Refusal as refusal:
            return refusal.code
        return "ok"

    def check(self, table: str) -> None:
        """Balances as `account  in  out  used`."""
        for line in table.strip().splitlines():
            word, *counters = line.split()
            account = Account.objects.get(name=self.key(word).name)
            found = [account.moved_in.m3, account.moved_out.m3, account.used.m3]
            assert found == [int(number) for number in counters], f"{line.strip()}: {found}"
