"""What a pairing runs to load the files of the grid: each of some savers, in every way there is.

It takes the file to report to, the Keras to use (`tf.keras` or `keras`), the processor to run on,
the seconds that one file may take, the bytes that loading it may take, `together` or `apart`, and
for each saver a file of JSON that lists what to load. TensorFlow is imported once. Then a process
is forked for each saver, or `apart` for each file. One that crashes or hangs costs the file that it
was at; another goes on with the next. The report gets a line of JSON as a file begins, and one as
it ends.
"""

import gc
import importlib.util
import json
import os
import resource
import signal
import sys
import time
import traceback

OUT, API, PROCESSOR, SECONDS, MEMORY, TOGETHER = sys.argv[1:7]
SECONDS, MEMORY = float(SECONDS), int(MEMORY)


def _load(name):
    """A file beside this one, as a module: `-I` keeps this folder out of the path."""
    file = os.path.join(os.path.dirname(os.path.abspath(__file__)), name + ".py")
    spec = importlib.util.spec_from_file_location("models_" + name, file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


# As where the model was saved, so that training goes on alike.
os.sched_setaffinity(0, {int(PROCESSOR)})
kinds, ways = _load("kinds"), _load("ways")
out = os.open(OUT, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)


def _emit(**fact):
    os.write(out, (json.dumps(fact, sort_keys=True) + "\n").encode())


def describe(error):
    return "".join(traceback.format_exception_only(type(error), error))


def agree(now, then):
    """Whether numbers are equal but for the last digits of a float: 1e-4 of it, or 1e-5."""
    import numpy

    return len(now) == len(then) and bool(numpy.allclose(now, then, rtol=1e-4, atol=1e-5))


def train_on(model, file):
    """Whether training goes on as it did where the model was saved: `equal`, or what else."""
    losses, kind = file["losses"], file["kind"]
    if not losses or getattr(model, "optimizer", None) is None:
        return "not compiled"
    try:
        now = [kinds.train(model, kind), kinds.train(model, kind)]
    except Exception as error:
        return describe(error)
    if agree(now, losses):
        return "equal"
    return "differs" if not agree(now[:1], losses[:1]) else "differs after a step"


def load_file(keras, saver, file):
    """How one file loads: the first way that predicts the same, and what came of those before.

    Before each way, the report says so: a process that goes on after a crash leaves out what
    `tries` of the file says.
    """
    kind = file["kind"]
    tries = list(file["tries"])
    options = keras, file["form"], kind, kinds.list_customs(keras)
    for name, step in ways.list_ways(*options, build=lambda: kinds.build_model(keras, kind)):
        if name in [tried for tried, _ in tries]:
            continue
        _emit(saver=saver, begin=file["name"], way=name, tries=tries)
        keras.backend.clear_session()
        try:
            model = step(file["path"])
            if hasattr(model, "layers"):
                kinds.run_eagerly(model)
            if agree(kinds.predict(model, kind), file["predictions"]):
                return {"way": name, "tries": tries, "trains": train_on(model, file)}
            tries.append([name, "predicts otherwise"])
        except Exception as error:
            tries.append([name, describe(error)])
    return {"way": None, "tries": tries}


def load_all(keras, saver, files):
    """Load files one after the other. Runs in a process of its own."""
    limit = mapped() + MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    for file in files:
        began = time.time()
        told = load_file(keras, saver, file)
        _emit(saver=saver, file=file["name"], seconds=round(time.time() - began, 2), **told)


def mapped():
    """The bytes of memory that this process has mapped."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[0]) * resource.getpagesize()


def fork(job):
    pid = os.fork()
    if pid:
        return pid
    try:
        os.setpgid(0, 0)
        null = os.open(os.devnull, os.O_RDWR)
        for number in (0, 1, 2):
            os.dup2(null, number)
        job()
        os._exit(0)
    except BaseException as error:
        _emit(failed=describe(error))
    os._exit(3)


def watch(pid):
    """Wait for a process, and end it if it reports nothing for too long. Returns how it ended."""
    last, size = time.time(), -1
    while True:
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            break
        grown = os.fstat(out).st_size
        if grown != size:
            last, size = time.time(), grown
        if time.time() - last > SECONDS:
            os.killpg(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            return "times out: after {:g} seconds".format(SECONDS)
        time.sleep(0.02)
    if os.WIFSIGNALED(status):
        return "crashes: ended by " + signal.Signals(os.WTERMSIG(status)).name
    code = os.WEXITSTATUS(status)
    return "crashes: exit code {}".format(code) if code else ""


def reported(saver):
    """What the report says of a saver: the last line of a beginning, and the files that ended."""
    begun, done = None, set()
    with open(OUT) as file:
        for line in file:
            fact = json.loads(line)
            if fact.get("saver") == saver:
                begun = fact if "begin" in fact else begun
                done |= {fact["file"]} if "file" in fact else set()
    return begun, done


def load_saver(keras, saver, files):
    left = [dict(file, tries=[]) for file in files]
    while left:
        batch = left if TOGETHER == "together" else left[:1]
        how = watch(fork(lambda batch=batch: load_all(keras, saver, batch)))
        begun, done = reported(saver)
        left = [file for file in left if file["name"] not in done]
        if not how:
            continue
        if not begun or not left or left[0]["name"] != begun["begin"]:
            raise SystemExit("{}: {}, between two files".format(saver, how))
        # Another process goes on with the next way.
        left[0]["tries"] = begun["tries"] + [[begun["way"], how]]


import tensorflow  # noqa: E402

keras = ways.import_keras(API)
_emit(keras=getattr(keras, "__version__", ""), tensorflow=tensorflow.__version__)
kinds.list_customs(keras)
# What is there now stays: it need not be searched for garbage each time that Keras asks for that.
gc.freeze()
for argument in sys.argv[7:]:
    with open(argument) as listed:
        each = json.load(listed)
    load_saver(keras, each["saver"], each["files"])
_emit(end=True)
