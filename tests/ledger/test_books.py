"""What the books allow and what they refuse, line by line."""

from __future__ import annotations

import itertools

import pytest
from django.db import IntegrityError, ProgrammingError, connection, transaction

from shuiheng.core.refusal import Refusal
from shuiheng.core.volume import Volume
from shuiheng.ledger import rules
from shuiheng.ledger.models import Account, Transfer
from shuiheng.ledger.rules import AccountKey, AccountKind, Code, PeriodState
from shuiheng.ledger.selectors import breaches, statement
from shuiheng.ledger.services import post, set_period
from tests.ledger.books import NOW, YEAR, Books

pytestmark = pytest.mark.django_db


@pytest.fixture
def books() -> Books:
    return Books()


ISSUED = """
    ALLOT      world     pool      1000  ok
    SET_ASIDE  pool      reserve    100  ok
    APPORTION  pool      cell       900  ok
    ISSUE      cell      quota.a    500  ok
    ISSUE      cell      quota.b    400  ok
"""


def test_from_the_allotment_to_the_last_drop(books: Books) -> None:
    books.play(ISSUED)
    books.play(
        """
        USE_REPORTED  quota.a  used     450  ok
        USE_REPORTED  quota.a  used     100  ok
        DECREASE      quota.b  reserve   40  ok
        INCREASE      reserve  quota.a   60  ok
        """
    )
    books.check(
        """
        world     0  1000    0
        pool   1000  1000    0
        reserve 140    60    0
        cell    900   900    0
        quota.a 560     0  550
        quota.b 400    40    0
        used    550     0    0
        """
    )
    assert breaches([books.area.pk], YEAR) == []


def test_an_authority_gives_no_more_than_it_has(books: Books) -> None:
    books.play(
        """
        ALLOT      world    pool     100  ok
        SET_ASIDE  pool     reserve  101  ledger.overdrawn
        SET_ASIDE  pool     reserve  100  ok
        INCREASE   reserve  quota.a  101  ledger.overdrawn
        """
    )


def test_over_use_is_posted_and_a_disposal_is_held_by_what_is_left(books: Books) -> None:
    books.play(ISSUED)
    books.play(
        """
        USE_REPORTED  quota.a  used    600  ok
        OFFER         quota.a  escrow    1  ledger.not_available
        USE_REPORTED  quota.b  used    350  ok
        OFFER         quota.b  escrow   51  ledger.not_available
        OFFER         quota.b  escrow   50  ok
        WITHDRAW      escrow   quota.b  50  ok
        """
    )


def test_an_authority_may_cut_below_what_is_used(books: Books) -> None:
    books.play(ISSUED)
    books.play(
        """
        USE_REPORTED  quota.a  used     450  ok
        CUT_ABOVE     quota.a  pool     200  ok
        CUT_ABOVE     pool     world    200  ok
        """
    )
    books.check("quota.a 500 200 450")


def test_a_correction_points_at_what_it_corrects(books: Books) -> None:
    books.play(ISSUED)
    books.play(
        """
        USE_REPORTED   quota.a  used     450  ok
        -USE_REPORTED  used     quota.a  450  ok
        USE_REPORTED   quota.a  used     430  ok
        """
    )
    books.check("quota.a 500 0 430")
    books.check("used 880 450 0")
    assert breaches([books.area.pk], YEAR) == []


def test_interim_is_lent_and_given_back(books: Books) -> None:
    books.play(
        """
        INTERIM       provision  quota.a    80  ok
        USE_REPORTED  quota.a    used       90  ok
        INTERIM_BACK  quota.a    provision  80  ok
        """
    )
    books.check("provision 80 80 0")
    books.check("quota.a 80 80 90")


def test_a_supplier_s_network_adds_up(books: Books) -> None:
    books.play(
        """
        SUPPLY  net:world    net:pool     500  ok
        ISSUE   net:pool     net:quota.a  300  ok
        ISSUE   net:pool     net:loss.s    50  ok
        ISSUE   net:pool     net:quota.b  151  ledger.overdrawn
        INCREASE     net:pool     net:quota.a  150  ok
        USE_REPORTED net:quota.a  net:used     470  ok
        LOSS         net:loss.s   net:used      30  ok
        SUPPLY_BACK  net:pool     net:world      1  ledger.overdrawn
        """
    )


def test_no_route_but_those_of_the_table(books: Books) -> None:
    """Every pair of kinds for every code: what is not listed is refused (R03 among them)."""
    kinds = [kind for kind in AccountKind if kind is not AccountKind.LOSS]
    tried = 0
    for code, debit, credit in itertools.product(Code, kinds, kinds):
        sides = [
            f"{kind}.a" if kind is AccountKind.QUOTA else str(kind) for kind in (debit, credit)
        ]
        key = (books.key(sides[0]).book, code, debit, credit)
        if key in rules.CLASS_OF or sides[0] == sides[1]:
            continue
        entry = books.entry(code.upper(), sides[0], sides[1], 1)
        with pytest.raises(Refusal) as refused:
            rules.check_entry(entry)
        assert refused.value.code == "ledger.route"
        tried += 1
    assert tried > 2000


def test_an_increase_comes_only_from_reserve_escrow_or_storage() -> None:
    sources = {
        (code, debit)
        for book, code, debit, credit, _ in rules.ROUTES
        if credit is AccountKind.QUOTA and book == "abstraction"
    }
    assert sources == {
        (Code.INTERIM, AccountKind.PROVISION),
        (Code.ISSUE, AccountKind.CELL),
        (Code.INCREASE, AccountKind.RESERVE),
        (Code.WITHDRAW, AccountKind.ESCROW),
        (Code.TRADE, AccountKind.ESCROW),
        (Code.TRADE, AccountKind.STORAGE),
        (Code.MOVE, AccountKind.QUOTA),
    }


def test_zero_or_less_and_to_oneself_are_no_transfers(books: Books) -> None:
    assert books.outcome("ALLOT", "world", "pool", 0) == "ledger.amount"
    assert books.outcome("HANDDOWN", "pool", "pool", 5) == "ledger.same_account"


def test_a_locked_year_takes_facts_late_and_no_grants(books: Books) -> None:
    books.play(ISSUED)
    set_period(books.area, YEAR, PeriodState.LOCKED)
    books.play(
        """
        INCREASE      reserve  quota.a  10  ledger.locked
        USE_MEASURED  quota.a  used     20  ok
        """
    )
    assert Transfer.objects.latest("pk").code == Code.USE_LATE
    with pytest.raises(Refusal, match="不能重新打开") as refused:
        set_period(books.area, YEAR, PeriodState.OPEN)
    assert refused.value.code == "ledger.locked_for_good"


def test_a_natural_key_is_posted_once(books: Books) -> None:
    books.play(ISSUED)
    use = books.entry("USE_REPORTED", "quota.a", "used", 7)
    keyed = rules.Entry(
        use.code, use.debit, use.credit, use.amount, NOW.date(), "use/1", key="use:a:1"
    )
    assert post([keyed], act=books.act()) == 1
    assert post([keyed], act=books.act()) == 0
    other = rules.Entry(
        use.code, use.debit, use.credit, Volume(8), NOW.date(), "use/1", key="use:a:1"
    )
    with pytest.raises(Refusal) as refused:
        post([other], act=books.act())
    assert refused.value.code == "ledger.key_reused"
    books.check("quota.a 500 0 7")


def test_all_or_nothing(books: Books) -> None:
    good = books.entry("ALLOT", "world", "pool", 5)
    bad = books.entry("APPORTION", "pool", "cell", 6)
    with pytest.raises(Refusal), transaction.atomic():
        post([good, bad], act=books.act())
    assert not Transfer.objects.exists()


def test_the_database_computes_the_same_name(books: Books) -> None:
    books.play(ISSUED)
    for account in Account.objects.all():
        assert account.name == account.key.name


def test_transfers_cannot_be_changed_behind_the_services(books: Books) -> None:
    books.play("ALLOT world pool 5 ok")
    for statement_ in (
        "UPDATE ledger_transfer SET amount = 6",
        "DELETE FROM ledger_transfer",
        "TRUNCATE ledger_transfer CASCADE",
    ):
        with pytest.raises(ProgrammingError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement_)


def test_the_second_lock_on_the_door(books: Books) -> None:
    """Whoever writes past the rules meets the constraints."""
    books.play(ISSUED)
    for change in ({"moved_out": Volume(2000)}, {"used": Volume(1)}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Account.objects.filter(kind="pool").update(**change)


def test_breaches_are_found(books: Books) -> None:
    """The check can fail: a counter moved by hand is named."""
    books.play(ISSUED)
    Account.objects.filter(kind="quota", unit=books.units["a"]).update(used=Volume(3))
    found = breaches([books.area.pk], YEAR)
    assert [breach.rule for breach in found] == ["余额等于流水之和", "分水源用水等于分行业用水"]
    assert found[0].expected == 500
    assert found[0].found == 497


def test_a_statement_runs_like_a_bank_s(books: Books) -> None:
    books.play(ISSUED)
    books.play(
        """
        USE_REPORTED   quota.a  used     450  ok
        -USE_REPORTED  used     quota.a  450  ok
        INCREASE       reserve  quota.a   60  ok
        """
    )
    lines = statement(books.units["a"].pk, YEAR)
    assert [(line.granted.m3, line.used.m3, line.available.m3) for line in lines] == [
        (500, 0, 500),
        (0, 450, 50),
        (0, -450, 500),
        (60, 0, 560),
    ]


def test_keys_of_both_books() -> None:
    with pytest.raises(AssertionError):
        AccountKey(rules.Book.NETWORK, YEAR, rules.Source.GROUND, AccountKind.POOL)
