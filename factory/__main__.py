"""The entry of the program: `cellfactory`, and `python -m factory`.

Importing the command line takes most of a second. Somebody who presses Ctrl-C within it wants out,
and no traceback; so until the command line has been read, an interrupt ends the program at once.
"""

import os
import signal
import sys

INTERRUPTED = 130
"""128 and the number of the signal, as a shell tells it."""


def main() -> None:
    """Import the command line and run it."""
    asked = signal.getsignal(signal.SIGINT) is signal.default_int_handler  # else it is ignored
    if asked:
        signal.signal(signal.SIGINT, _leave)
    from factory.cli import main as run

    if asked:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        run()
    except KeyboardInterrupt:
        _leave()


def _leave(*_: object) -> None:
    """End without unwinding: nothing is open yet, and an import may swallow an exception."""
    if sys.stderr is not None:
        os.write(sys.stderr.fileno(), b"cellfactory: interrupted\n")
    os._exit(INTERRUPTED)


if __name__ == "__main__":
    main()
