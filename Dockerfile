# Two stages, so that the image contains no cache of pip. The lock is copied before the code: while it is unchanged, a
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
# The user is a number, so that an orchestrator can verify that it is not root. The service writes to DATA_DIR only: for
# data that outlives the container (sessions, streams, usage), mount a volume there (--volume streaming:/data). There is
# no VOLUME instruction: Railway rejects it, and an engine would create an anonymous volume for each container.
RUN mkdir /data && chown 10001 /data
COPY --from=packages /app/.venv .venv
COPY observability observability
COPY service service
COPY clients/python/src/streaming_content streaming_content
# Compiled at build time, because the user has no permission to write byte code beside the sources.
RUN python -m compileall -q observability service streaming_content
USER 10001
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=3s --start-period=10s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as http; http.urlopen(f'http://127.0.0.1:{os.environ[\"PORT\"]}/', timeout=2)"]
# Exec form: the service is process 1 of the container and receives SIGTERM directly.
CMD ["python", "-m", "service", "serve"]
