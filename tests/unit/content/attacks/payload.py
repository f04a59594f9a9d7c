"""The script that an attack tries to run."""

RUN = "alert(1)"
IMAGE = f"<img src=x onerror={RUN}>"
"""Runs the script if it becomes an element."""
