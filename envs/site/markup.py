"""Markdown and what stands in it: tables, lists of code, text that folds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def write_table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = ["| " + " | ".join(titles) + " |", "|---" * len(titles) + "|"]
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in rows)])


def write_codes(texts: Iterable[str]) -> str:
    """Texts as code, with commas between; what would end the code, or a cell, is replaced."""
    return ", ".join(write_code(text) for text in texts)


def write_code(text: str) -> str:
    """A text as code, in a table too."""
    return "`" + text.replace("`", "'").replace("|", r"\|") + "`"


def fold(summary: str, text: str) -> str:
    """A text that a reader unfolds. It is there for a search, with and without JavaScript."""
    return f"<details>\n<summary>{summary}</summary>\n\n{text}\n\n</details>"


def write_commands(lines: Iterable[str]) -> str:
    """Command lines, as a block of code."""
    return "\n".join(["```sh", *lines, "```"])
