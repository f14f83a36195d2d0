"""The printed papers: what stands on them, that nothing runs off the page, that they are reproducible."""

from __future__ import annotations

import dataclasses
import multiprocessing
import os
import signal
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from pathlib import Path

import pytest

from shuiheng.core.refusal import Refusal
from shuiheng.core.volume import Volume
from shuiheng.papers import rules, typeset
from tests.papers import pdf_text
from tests.papers.samples import NOTICE, SAMPLES, SCHEME, heading, statement, units_annex

GOLDEN = Path(__file__).parent / "golden"
LETTERS = {"issue_notice", "issue_scheme", "adjustment"}
MM = 72 / 25.4


@cache
def printed(name: str) -> bytes:
    template, head, facts = SAMPLES[name]
    return typeset.render(template, rules.printed(head, rules.plain(facts)))


@pytest.mark.parametrize("name", SAMPLES)
def test_it_says_what_the_golden_text_says(name: str) -> None:
    """`SHUIHENG_GOLDEN=1` writes the texts anew; read the difference before keeping it."""
    golden = GOLDEN / f"{name}.txt"
    said = pdf_text.text(printed(name))
    if os.environ.get("SHUIHENG_GOLDEN"):
        golden.write_text(said, encoding="utf-8")
    assert said == golden.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", SAMPLES)
def test_nothing_runs_off_its_page(name: str) -> None:
    letter = SAMPLES[name][0] in LETTERS
    left, right, low, high = (28, 26, 22, 18) if letter else (22, 20, 10, 10)
    for page in pdf_text.pages(printed(name)):
        assert (round(page.width), round(page.height)) == (595, 842), "A4"
        for run in page.runs:
            assert run.left > left * MM - 1, run
            assert run.right < page.width - right * MM + 9, run  # a closing mark may hang half out
            assert low * MM < run.y < page.height - high * MM, run


@pytest.mark.parametrize("name", SAMPLES)
def test_it_is_archival_and_carries_the_demo_mark(name: str) -> None:
    pdf = printed(name)
    assert pdf.startswith(b"%PDF-1.7")
    assert b"<pdfaid:part>2</pdfaid:part>" in pdf
    assert b"<pdfaid:conformance>B</pdfaid:conformance>" in pdf
    assert b"/CreationDate(D:20260213" in pdf, "dated as the document, not as the day of printing"
    for page in pdf_text.pages(pdf):
        assert page.lines[0] == "演示数据，不作为管理依据"


def test_a_real_paper_has_no_mark() -> None:
    head = dataclasses.replace(heading("通知", "乌水预〔2026〕12号"), mark="")
    pdf = typeset.render("issue_notice", rules.printed(head, rules.plain(NOTICE)))
    assert "演示" not in pdf_text.text(pdf)


def test_the_same_data_give_the_same_bytes_and_others_do_not() -> None:
    template, head, facts = SAMPLES["issue_notice"]
    again = typeset.render(template, rules.printed(head, rules.plain(facts)))
    assert again == printed("issue_notice")
    other = dataclasses.replace(head, title="关于更正2026年度水预算基准额度的通知")
    assert typeset.render(template, rules.printed(other, rules.plain(facts))) != again


def test_the_check_code_stands_on_every_page_and_follows_the_data() -> None:
    _, head, facts = SAMPLES["issue_notice"]
    code = str(rules.printed(head, rules.plain(facts))["check"])
    for page in pdf_text.pages(printed("issue_notice")):
        assert f"校验码 {code}" in page.lines[-1]
    assert "校验码" not in _lines("claim_codes", check="")


def _lines(name: str, **changed: object) -> str:
    template, head, facts = SAMPLES[name]
    content = {**rules.printed(head, rules.plain(facts)), **changed}
    return pdf_text.text(typeset.render(template, content))


def test_odd_pages_are_numbered_right_and_even_ones_left() -> None:
    first, second, *_ = pdf_text.pages(printed("issue_notice"))
    assert first.lines[-1].endswith("– 1 –")
    assert second.lines[-1].startswith("– 2 –")


def test_a_letter_ends_with_its_signature_and_imprint_on_one_page() -> None:
    for count in range(2, 16):  # ever more lines push the end over the page
        lines = (NOTICE.lines[0],) * count
        facts = dataclasses.replace(NOTICE, lines=lines, months=())
        pdf = typeset.render(
            "issue_notice", rules.printed(heading("通知", "乌水预〔2026〕12号"), rules.plain(facts))
        )
        last = pdf_text.pages(pdf)[-1].lines
        assert any(line.startswith("4.请于") for line in last), "no page without text of its own"
        assert sum(line.startswith("乌鲁木齐市水务局") for line in last) == 2


def test_page_sums_add_up_to_the_sum_of_all() -> None:
    facts = dataclasses.replace(SCHEME, annexes=(units_annex(150),))
    pdf = typeset.render(
        "issue_scheme", rules.printed(heading("通知", "乌水预〔2026〕11号"), rules.plain(facts))
    )
    lines = [line for page in pdf_text.pages(pdf) for line in page.lines]
    pages = [_figures(line) for line in lines if line.startswith("本页小计")]
    [whole] = [_figures(line) for line in lines if line.startswith("合计")]
    assert len(pages) > 3
    assert [sum(column) for column in zip(*pages, strict=True)] == pytest.approx(whole)
    assert whole[-1] == pytest.approx(sum(whole[:-1]))
    assert sum(
        line == "序号 | 水预算单位 | 地表水 | 地下水 | 外调水 | 非常规水 | 合计" for line in lines
    ) == len(pages)


def _figures(line: str) -> list[float]:
    return [float(figure.replace(",", "")) for figure in line.split(" | ")[1:]]


def test_a_table_in_wan_never_rounds() -> None:
    text = pdf_text.text(printed("issue_scheme"))
    assert "12,345.6789 | 9,900.0000 | 0.0000 | 550.0001 | 22,795.6790" in text
    assert "4 | 示例企业3 650109-0003 | 1.11 | 11.24 | 21.37 | 31.50 | 65.22" in text


def test_an_account_without_a_line_says_so() -> None:
    pdf = typeset.render(
        "statement", rules.printed(heading("水账对账单"), rules.plain(statement(0)))
    )
    assert "（本期没有发生额）" in pdf_text.text(pdf)


@pytest.mark.parametrize(
    ("name", "code"), [("😀公司", "1F600"), ("𪛖家", "2A6D6"), ("a\x07b", "0007")]
)
def test_a_character_without_a_glyph_is_refused_by_name(name: str, code: str) -> None:
    facts = dataclasses.replace(NOTICE, addressee=name)
    content = rules.printed(heading("通知", "乌水预〔2026〕1号"), rules.plain(facts))
    with pytest.raises(Refusal) as refused:
        typeset.render("issue_notice", content)
    assert refused.value.code == "papers.missing_glyph"
    assert f"U+{code}" in refused.value.sentence


@pytest.mark.parametrize("evil", ['#panic("x")', "*粗* _斜_ $x$ @ref <label>", "\\ // /* ` #{1+1}"])
def test_a_name_is_never_markup(evil: str) -> None:
    facts = dataclasses.replace(NOTICE, addressee=evil)
    content = rules.printed(heading("通知", "乌水预〔2026〕1号"), rules.plain(facts))
    assert f"{evil}：" in pdf_text.text(typeset.render("issue_notice", content))


def test_a_bug_in_a_template_is_no_refusal() -> None:
    with pytest.raises(AssertionError, match="typst"):
        typeset.render(
            "issue_notice", {"heading": {"dated": "2026-01-01"}, "body": {}, "check": ""}
        )


def test_a_fork_fails_at_once_and_a_spawned_process_prints_the_same() -> None:
    template, head, facts = SAMPLES["draft"]
    content = rules.printed(head, rules.plain(facts))
    first = typeset.render(template, content)
    child = os.fork()
    if child == 0:
        signal.alarm(10)  # a child that hangs ends by it
        os._exit(_outcome(lambda: typeset.render(template, content)))
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=spawn, initializer=_set_up) as pool:
        assert pool.submit(typeset.render, template, content).result() == first


def _outcome(act: Callable[[], object]) -> int:
    try:
        act()
    except AssertionError:
        return 7
    return 0


def _set_up() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")


def test_volumes_beyond_the_eye_still_print() -> None:
    facts = dataclasses.replace(
        SCHEME,
        annexes=(
            rules.Annex(
                title="大数",
                row_label="区域",
                columns=("甲", "乙"),
                rows=(rules.AnnexRow(name="全市", figures=(Volume(10**12 + 1), Volume(-1))),),
            ),
        ),
    )
    pdf = typeset.render("issue_scheme", rules.printed(heading("x"), rules.plain(facts)))
    assert "1 | 全市 | 100,000,000.0001 | −0.0001 | 100,000,000.0000" in pdf_text.text(pdf)
