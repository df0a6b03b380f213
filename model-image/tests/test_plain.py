"""The fast check of requests."""

import re

import pytest

from slipway_model.plain import _lines


@pytest.mark.parametrize(
    ("pattern", "matched", "others"),
    [
        ("[0-9]{2}:[0-9]{2}(:[0-9]{2})?", ["10:20", "10:20:30"], ["10:2", "x10:20", "10:20:", "", "10:20 "]),
        ("a|b", ["a", "b"], ["ab", "c", ""]),
        ("(a?b?)*", ["", "ab", "ba"], ["abc"]),
    ],
)
def test_lines_are_matched_as_one_by_one(pattern: str, matched: list[str], others: list[str]) -> None:
    alone = re.compile(rf"^{pattern}\Z")
    together = _lines(alone)
    assert together is not None
    assert together.fullmatch("".join(f"{text}\n" for text in matched * 1000))
    for other in others:
        for texts in ([other], [*matched, other], [other, *matched] * 100):
            assert not together.fullmatch("".join(f"{text}\n" for text in texts))


@pytest.mark.parametrize("pattern", [r"^a.b\Z", r"^a[^x]b\Z", r"^a\sb\Z", r"^a", r"a\Z"])
def test_patterns_that_could_match_more_than_a_line_are_left_to_the_slow_way(pattern: str) -> None:
    assert _lines(re.compile(pattern)) is None
