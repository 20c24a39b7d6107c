"""Names for files and topics: short, safe, and each once."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

MOST_CHARACTERS = 80
"""Characters of a file's name, without its suffix."""


def distinct(short: Sequence[str], full: Sequence[str]) -> list[str]:
    """The short name of each thing, or its full name where others have the short one, too.

    Args:
        short: names, of which several may be equal.
        full: for each a name that no other has in full.
    """
    names: list[str] = list(short)
    while len(set(names)) < len(names) and names != list(full):
        count = Counter(names)
        names = [
            name if count[name] == 1 else whole for name, whole in zip(names, full, strict=True)
        ]
    return names


def file_names(names: Sequence[str]) -> list[str]:
    """Names without suffix for files of things with these names, on any file system.

    Letters, digits and ``._-`` stay; the rest becomes ``_``, long names are cut, and a number tells apart what is equal
    then.
    """
    taken: set[str] = set()
    found = []
    for name in names:
        safe = re.sub(r"[^A-Za-z0-9._-]", "_", name.strip("/"))[:MOST_CHARACTERS] or "camera"
        chosen, number = safe, 2
        while chosen.lower() in taken:  # some file systems do not tell A from a
            chosen, number = f"{safe}_{number}", number + 1
        taken.add(chosen.lower())
        found.append(chosen)
    return found
