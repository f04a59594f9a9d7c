"""``python -m benchmarks``: see benchmarks/README.md.

Processes that measure import this module again, so it imports the rest only as the main program.
"""

if __name__ == "__main__":
    import sys

    from benchmarks.command import main

    sys.exit(main(sys.argv[1:]))
