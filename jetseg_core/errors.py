"""The one exception that users of JetSeg are meant to see."""

from __future__ import annotations


class JetSegError(Exception):
    """Something the user gave cannot be used.

    The message says what came, what was expected, and how to mend it. Commands print it as one line and
    exit with status 2; the node logs it as one error and stays unconfigured.
    """


def one_line(text: str, most: int = 600) -> str:
    """Text for a terminal, a log or a message: one line of printable characters, the middle cut out if it is long.

    Control characters and lone surrogates, which no encoder takes, become escapes such as \\x1b.

    Args:
        text: any, such as an error's.
        most: characters that are kept, before they are escaped.
    """
    if len(text) > most:
        text = f"{text[: most // 2]} ... {text[-(most // 2) :]}"
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
