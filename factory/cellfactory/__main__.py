"""The entry of the program: `cellfactory`, and `python -m cellfactory`.

Importing a command takes some tenths of a second. Somebody who presses Ctrl-C within it wants out,
and no traceback; so until the command line has been read, an interrupt ends the program at once.
Nothing is imported before that but what the interpreter has at hand: `signal` takes longer.
"""

import _signal  # type: ignore[import-not-found]  # what `signal` is made of; no stub knows it
import gc
import os
import sys

os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")  # none is ours, and looking takes time

INTERRUPTED = 130
"""128 and the number of the signal, as a shell tells it."""

_OBJECTS_BEFORE_A_LOOK = 200_000
"""Objects that are made before Python looks for circles: an inventory is large, and has none."""


def _leave(*_: object) -> None:
    """End without unwinding: nothing is open yet, and an import may swallow an exception."""
    if sys.stderr is not None:
        os.write(sys.stderr.fileno(), b"cellfactory: interrupted\n")
    os._exit(INTERRUPTED)


def main() -> None:
    """Import the command line and run it."""
    ours = _signal.getsignal(_signal.SIGINT) is _signal.default_int_handler  # else it is ignored
    if ours:
        _signal.signal(_signal.SIGINT, _leave)
    gc.disable()  # what is imported stays
    from cellfactory.cli import main as run
    from cellfactory.cli.commands import preload

    preload(sys.argv[1:])
    gc.freeze()
    gc.enable()
    gc.set_threshold(_OBJECTS_BEFORE_A_LOOK)
    if ours:
        _signal.signal(_signal.SIGINT, _signal.default_int_handler)
    try:
        run()
    except KeyboardInterrupt:
        _leave()
    finally:
        if ours:  # the outcome stands; while the interpreter ends, nothing shall change the code
            _signal.signal(_signal.SIGINT, _signal.SIG_IGN)


if __name__ == "__main__":
    main()
