"""The crawl of the demo's console."""

from __future__ import annotations

from console.demo.page_check import MOST_OF_A_KIND, pages_that_fail


def test_links_are_followed_through_pages_and_the_failing_one_is_named() -> None:
    pages = {
        "/": (200, r"<a href=\"/alerts\">"),
        "/alerts": (200, '<a href="/cases/a?language=zh&amp;amp;alert=1"> <a href="/assets/x.css">'),
        "/cases/a?language=zh&alert=1": (500, ""),
    }
    assert pages_that_fail(pages.__getitem__) == ["page /cases/a?language=zh&alert=1: status 500"]


def test_of_one_kind_some_are_asked() -> None:
    links = "".join(f'<a href="/stations/s-{number}">' for number in range(9))
    asked: list[str] = []

    def get(path: str) -> tuple[int, str]:
        asked.append(path)
        return 200, links if path == "/" else ""

    assert pages_that_fail(get) == []
    assert len(asked) == 1 + MOST_OF_A_KIND


def test_a_console_that_does_not_answer_is_a_fault() -> None:
    assert pages_that_fail(lambda _: (0, "")) == ["page /: status 0"]
