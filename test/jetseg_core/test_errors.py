"""Text of errors, fit for a terminal."""

from __future__ import annotations

from jetseg_core.errors import one_line


def test_text_of_a_file_reaches_a_terminal_as_one_printable_line() -> None:
    assert one_line("caf\u00e9: a\nb\x1b[2J\ud800") == "caf\u00e9: a\\nb\\x1b[2J\\ud800"
    long = one_line("a" * 10**6 + "; expected b")
    assert len(long) < 700 and long.startswith("aaa") and long.endswith("; expected b")
