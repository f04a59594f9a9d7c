"""The ``explain`` command: a cause on one screen, from metrics, logs and traces.

``evidence``, ``causes`` and ``subjects`` are pure; ``sources`` read files and servers.
"""
