"""The one exception that users of JetSeg are meant to see."""

from __future__ import annotations

import errno


class JetSegError(Exception):
    """Something the user gave cannot be used.

    The message says what came, what was expected, and how to fix it. Commands print it as one line and
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


_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_FORBIDDEN = {errno.EACCES, errno.EPERM, errno.EROFS}
_IN_THE_WAY = {errno.EEXIST, errno.ENOTDIR, errno.EISDIR}
NOT_WRITABLE = _NO_ROOM | _FORBIDDEN | _IN_THE_WAY
"""Error numbers of a place that results cannot be written to."""


def describe_os_error(error: OSError) -> str:
    """One line about a file that cannot be read or written, with the way out."""
    place = error.filename or "a file"
    why = error.strerror or str(error)
    if error.errno in _NO_ROOM:
        advice = "free some space, or name another place; what was written before stays"
    elif error.errno in _FORBIDDEN:
        advice = "name a place that this user may use"
    elif error.errno in _IN_THE_WAY:
        advice = "a file stands where a folder is expected, or a folder where a file is; name another place"
    else:
        advice = "check the path"
    return f"{place}: cannot be used ({why}); {advice}"
