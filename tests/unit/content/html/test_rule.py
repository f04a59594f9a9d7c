# ruff: noqa: RUF001 - emoji
"""Rules for values: what they allow, and their words."""

import pytest

from service.content.html import rule
from service.content.html.rule import (
    COLOUR,
    EMOJI,
    FORMULA,
    IDENTIFIER,
    LABEL,
    LATEX,
    SYMBOL,
    WORD,
    Pattern,
    either,
    one_of,
)


@pytest.mark.parametrize(
    ("pattern", "values"),
    [
        (COLOUR, ("#fff", "#ffcc00aa", "red", "rgb(1, 2, 3)", "hsla(1 2% 3% / 0.5)")),
        (EMOJI, ("💡", "👩🏽‍🚀", "ℹ️", "⚠️")),
        (IDENTIFIER, ("42", "Lea Thompson", "019c-af_1.b@c", "Ünal", "x" * 100)),
        (LABEL, ("Ann", "Ann (Sales), 3:4 'x'", "Re: a", "李")),
        (
            LATEX,
            (
                "x^2",
                "\\frac{a}{b} < \\text{if }",
                "\\hrefx \\letter",
                "a \\\\ b\n&= c \\newline d",
                "f:\\R \\to a/b",
                "x" * 5000,
            ),
        ),
        (FORMULA, ("x^2=3", "a<b", "f=1, a<b<c", "a < b = c > d")),
        (SYMBOL, ("@", "#", "/", ":")),
        (WORD, ("info", "c++", "objective-c", "c#", ".net")),
    ],
)
def test_what_editors_write_is_allowed(pattern: Pattern, values: tuple[str, ...]) -> None:
    assert [value for value in values if not pattern.matches(value)] == []


@pytest.mark.parametrize(
    ("pattern", "values"),
    [
        (COLOUR, ("", "red;", "url(x)", "var(--x)", "#ff", "rgb(expression(x))", "red\n")),
        (EMOJI, ("", "a", "<b>", "💡" * 17, "\u0080")),
        (IDENTIFIER, ("", "a:b", "a/b", "javascript:x", "x" * 101, "<b>", "a\nb", "{{x}}")),
        (
            LABEL,
            ("", "<b>", "{{x}}", "`x`", "a\nb", "javascript:x", " https://x", "\ufeffjs:x", "//x", "x" * 201, "\\x"),
        ),
        (SYMBOL, ("", "@@", "<", "{", "a", '"')),
        (WORD, ("", "a b", "a:b", "<", "x" * 41)),
        (
            LATEX,
            ("", "x" * 5001, "\0", "\\href{javascript:x}{y}", "a\\includegraphics{https://x}", "\\htmlClass{x}{y}"),
        ),
        (LATEX, ("\\def\\x{y}", "\\gdef\\x{y}", "\\let\\x\\href", "\\newcommand{\\x}{y}", "\\csname href\\endcsname")),
        (LATEX, ("\\texthtml{x}", "\\DeclareMathOperator{\\x}{y}", "\\Newextarrow{\\x}{1,2}{3}", "\u200bhttps://x")),
        (FORMULA, ("\\href{x}{y}", "<script>", "a <b> c", "a < b <img src=x onerror=y", "<a<b c='>'", "</b>", "<!-->")),
        (LATEX, ("https://x/?y", "//x", " /\\x", "javascript:x")),
        (LATEX, ("x\n\\url{x}", "\\class{a}{b}", "\\style{a}{b}", "\\require{html}", "\\unicode{60}", "\\cssId{a}{b}")),
    ],
)
def test_what_could_load_link_or_run_is_not(pattern: Pattern, values: tuple[str, ...]) -> None:
    assert [value for value in values if pattern.matches(value)] == []


def test_one_of_several_rules_is_enough() -> None:
    assert either(WORD, WORD) is WORD
    both = either(one_of("a b", ""), WORD)
    assert both.words == f"`a b`, empty, or {WORD.words}"
    assert [both.matches(value) for value in ("a b", "", "word", "a b c")] == [True, True, True, False]


def test_every_rule_has_words() -> None:
    rules = [value for value in vars(rule).values() if isinstance(value, Pattern)]
    assert rules
    assert all(one.words and not one.words.endswith(".") for one in rules)
