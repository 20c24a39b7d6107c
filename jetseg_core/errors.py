"""The one exception that users of JetSeg are meant to see."""

from __future__ import annotations


class JetSegError(Exception):
    """Something the user gave cannot be used.

    The message says what came, what was expected, and how to mend it. Commands print it as one line and
    exit with status 2; the node logs it as one error and stays unconfigured.
    """
