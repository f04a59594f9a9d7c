# Two stages, so that the image holds no cache of pip. The lock comes before the code: while it stays the same, a
# build takes the packages from the layer cache.

FROM python:3.11-slim-bookworm AS packages
WORKDIR /app
COPY requirements/run.txt requirements/run.txt
RUN python -m venv .venv \
    && .venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements/run.txt

FROM python:3.11-slim-bookworm
WORKDIR /app
# PORT is a default: platforms set their own.
ENV PATH=/app/.venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PORT=8000 \
    DATA_DIR=/data
# A number, so that an orchestrator can see that it is not root. DATA_DIR is all that it may write to: what is to
# outlive the container (sessions, streams, usage) needs a volume there, --volume streaming:/data. It is not declared
# here, as Railway refuses that, and an engine would leave a nameless one behind for each container.
RUN mkdir /data && chown 10001 /data
COPY --from=packages /app/.venv .venv
COPY observability observability
COPY service service
# Compiled now, as the user may not write beside the code: the first start is as fast as the second.
RUN python -m compileall -q observability service
USER 10001
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=3s --start-period=10s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as http; http.urlopen(f'http://127.0.0.1:{os.environ[\"PORT\"]}/', timeout=2)"]
# Exec form: the process is the first of its container and gets SIGTERM itself.
CMD ["python", "-m", "service", "serve"]
