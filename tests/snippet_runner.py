"""Run short programs in an environment, each in a process of its own; on Python 3.7 and later.

Standard input is a JSON table: `root`, a module to import first, and `snippets`, the programs.
Standard output is a JSON list: for each program "" if it ran, or its error. A program sees the
modules of a new process that imported `root`: each is a fork of one that did no more.
"""

import contextlib
import json
import os
import signal
import sys

TIMEOUT = 120


def main():
    asked = json.load(sys.stdin)
    answer = os.dup(1)
    silence = os.open(os.devnull, os.O_RDWR)
    os.dup2(silence, 1)
    os.dup2(silence, 2)
    # If it fails, each program says so itself.
    with contextlib.suppress(BaseException):
        __import__(asked["root"])
    results = [run(snippet) for snippet in asked["snippets"]]
    with os.fdopen(answer, "w") as out:
        json.dump(results, out)


def run(snippet):
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        error = ""
        signal.alarm(TIMEOUT)
        try:
            exec(compile(snippet, "<snippet>", "exec"), {"__name__": "__main__"})
        except BaseException as raised:
            error = "%s: %s" % (type(raised).__name__, raised)
        os.write(writing, error.encode("utf-8", "replace")[:2000])
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as said:
        error = said.read().decode("utf-8", "replace")
    status = os.waitpid(child, 0)[1]
    return error if status == 0 else "ended with status %d" % status


main()
