"""What an attack is after."""

RUN = "alert(1)"
IMAGE = f"<img src=x onerror={RUN}>"
"""Runs it wherever it becomes an element."""
