"""The pages of errors as a reader's Markdown shows them."""

from __future__ import annotations

import re

from envs.publish import error_pages


def test_inline_code_ends_in_the_line_in_which_it_began() -> None:
    """What stands in backticks over several lines is shown as HTML, with its `<float>` as a tag."""
    for path, text in error_pages.render_error_pages().items():
        prose = re.sub(r"^ *```.*?^ *```$", "", text, flags=re.MULTILINE | re.DOTALL)
        bare = re.sub(r"``.*?``", "", prose)
        odd = [line for line in bare.splitlines() if line.count("`") % 2]
        assert not odd, (path.name, odd)
