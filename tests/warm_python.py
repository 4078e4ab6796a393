"""Interpreters that have imported TensorFlow already: each program runs in a fork of one.

Many short programs then take a second each, where the import alone takes three.
"""

from __future__ import annotations

import contextlib
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

SERVER = """
import array
import json
import os
import signal
import socket
import sys
import traceback

import h5py
import numpy
from tensorflow import keras

keras.layers, keras.models
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
listening = socket.socket(socket.AF_UNIX)
listening.bind(sys.argv[1])
listening.listen(8)
print("ready", flush=True)


def run(connection):
    handles = array.array("i")
    text, sent, _, _ = connection.recvmsg(1, socket.CMSG_LEN(2 * handles.itemsize))
    handles.frombytes(sent[0][2])
    for number, handle in enumerate(handles, 1):
        os.dup2(handle, number)
    with connection.makefile() as file:
        asked = json.loads(file.readline())
    os.chdir(asked["folder"])
    os.environ.clear()
    os.environ.update(asked["env"])
    sys.argv = asked["argv"]
    sys.path.insert(0, "")
    # What a program prints at its end must be written before the code is sent.
    code = 0
    try:
        exec(compile(asked["program"], "<stdin>", "exec"), {"__name__": "__main__"})
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 1 if ended.code else 0
        if isinstance(ended.code, str):
            print(ended.code, file=sys.stderr)
    except BaseException:
        traceback.print_exc()
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    connection.sendall(str(code).encode())


while True:
    connection, _ = listening.accept()
    if not os.fork():
        try:
            run(connection)
        finally:
            os._exit(0)
    connection.close()
"""
"""What an interpreter runs, on Python 3.7 and later: it takes the path of a socket."""

CLIENT = """
import json
import os
import socket
import sys

assert sys.argv[2] == "-"
connection = socket.socket(socket.AF_UNIX)
connection.connect(sys.argv[1])
socket.send_fds(connection, [b"!"], [1, 2])
asked = {
    "folder": os.getcwd(),
    "env": dict(os.environ),
    "argv": sys.argv[2:],
    "program": sys.stdin.read(),
}
connection.sendall((json.dumps(asked) + "\\n").encode())
code = connection.recv(16)
sys.exit(int(code) if code else "the program ended without a word: it crashed")
"""


@contextlib.contextmanager
def warm_python(python: Path, env: Mapping[str, str], command: Path) -> Iterator[None]:
    """Write a command that runs a program from standard input, as `python -` does, for a while."""
    folder = command.parent
    folder.mkdir(parents=True, exist_ok=True)
    place = folder / "socket"
    client = folder / "client.py"
    client.write_text(CLIENT, encoding="utf-8")
    server = subprocess.Popen(
        [python, "-I", "-c", SERVER, place],
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert server.stdout
        assert server.stdout.readline() == "ready\n"
        words = shlex.join([sys.executable, "-I", str(client), str(place)])
        command.write_text(f'#!/bin/sh\nexec {words} "$@"\n', encoding="utf-8")
        command.chmod(0o755)
        yield
    finally:
        server.kill()
        server.wait()
        place.unlink(missing_ok=True)
        command.unlink(missing_ok=True)
