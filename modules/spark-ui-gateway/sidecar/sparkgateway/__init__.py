"""Keep one route file for every running Spark driver of a cell.

It watches driver pods and writes what it learns to a directory that NGINX reads.
It never writes to Kubernetes, never calls AWS and needs the standard library only.
The data's way:

    api (bytes) -> events -> pods (a driver or a reason) -> registry (who owns an id)
        -> board (what changed) -> publisher -> store (files)
"""

__version__ = "0.1.0"
