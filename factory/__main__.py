"""Run the command line: `python -m factory`."""

from factory.cli import main

if __name__ == "__main__":
    main()
