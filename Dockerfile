# One image for each service, a target each: docker build --target gateway -t rollcall/gateway:0.1.0 .
# `make images` builds them all. Packages are locked with hashes; nothing of a build stage but its environment is kept.
FROM python:3.11-slim-bookworm AS base
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
RUN groupadd --gid 10001 rollcall \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin rollcall \
    && install -d -o 10001 -g 10001 -m 0750 /var/lib/rollcall /var/lib/tombstones /models /keys/postgres /keys/database /keys/grafana
WORKDIR /app
COPY scripts/probe.py /usr/local/bin/probe

FROM base AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_NO_COMPILE=1
COPY scripts/install_packages.sh /usr/local/bin/install-packages

FROM build AS gateway-packages
COPY requirements/gateway.txt .
RUN install-packages gateway.txt

FROM build AS worker-packages
COPY requirements/worker.txt .
RUN install-packages worker.txt

FROM build AS fetcher-packages
COPY requirements/fetcher.txt .
RUN install-packages fetcher.txt

FROM build AS serving-packages
COPY requirements/serving.txt .
RUN install-packages serving.txt

# TensorFlow Serving's messages build on TensorFlow's: the generated modules alone, 2 MB of its 1.5 GB.
FROM serving-packages AS messages
WORKDIR /opt/venv/lib/python3.11/site-packages
RUN find tensorflow -name '*_pb2.py' -exec install -D -m 0644 {} /messages/{} \;

FROM build AS training-packages
COPY requirements/training.txt .
RUN install-packages training.txt

# Our own code, compiled, since the services cannot write beside it.
FROM base AS code
COPY contracts contracts
COPY gateway gateway
COPY fetcher fetcher
COPY serving serving
COPY training training
RUN python -m compileall -q -j 0 .

FROM base AS gateway
COPY --from=gateway-packages /opt/venv /opt/venv
COPY --from=messages /messages /opt/venv/lib/python3.11/site-packages
COPY --from=code /app/contracts contracts
COPY --from=code /app/gateway gateway
ENV BIND_HOST=0.0.0.0 \
    MALLOC_ARENA_MAX=2 \
    OPENBLAS_NUM_THREADS=1 \
    STATE_DIR=/var/lib/rollcall
USER 10001:10001
EXPOSE 8000 9100
HEALTHCHECK --interval=5s --timeout=4s --start-period=60s --retries=3 CMD ["probe", "8000", "/readyz"]
CMD ["python", "-m", "gateway"]

# Works batches through; holds the command `rollcall`, too.
FROM base AS worker
COPY --from=worker-packages /opt/venv /opt/venv
COPY --from=messages /messages /opt/venv/lib/python3.11/site-packages
COPY --from=code /app/contracts contracts
COPY --from=code /app/gateway gateway
COPY scripts/rollcall.sh /usr/local/bin/rollcall
ENV BIND_HOST=0.0.0.0 \
    MALLOC_ARENA_MAX=2 \
    OPENBLAS_NUM_THREADS=1 \
    STATE_DIR=/var/lib/rollcall
USER 10001:10001
EXPOSE 9102
HEALTHCHECK --interval=5s --timeout=4s --start-period=60s --retries=3 CMD ["probe", "9102", "/metrics"]
CMD ["python", "-m", "gateway.worker"]

FROM base AS fetcher
COPY --from=fetcher-packages /opt/venv /opt/venv
COPY --from=code /app/contracts contracts
COPY --from=code /app/fetcher fetcher
ENV BIND_HOST=0.0.0.0 \
    MALLOC_ARENA_MAX=2 \
    OPENBLAS_NUM_THREADS=1 \
    STATE_DIR=/var/lib/rollcall
USER 10001:10001
EXPOSE 8001 9101
HEALTHCHECK --interval=5s --timeout=4s --start-period=60s --retries=3 CMD ["probe", "8001", "/readyz"]
CMD ["python", "-m", "fetcher"]

# Both platforms, invented.
FROM base AS emulator
COPY --from=fetcher-packages /opt/venv /opt/venv
COPY --from=code /app/contracts contracts
COPY --from=code /app/fetcher fetcher
ENV BIND_HOST=0.0.0.0
USER 10001:10001
EXPOSE 8002
HEALTHCHECK --interval=5s --timeout=4s --start-period=60s --retries=3 CMD ["probe", "8002", "/livez"]
CMD ["python", "-m", "fetcher.emulator"]

# The commands of the model store: they need gRPC, and no TensorFlow.
FROM base AS tools
COPY --from=gateway-packages /opt/venv /opt/venv
COPY --from=messages /messages /opt/venv/lib/python3.11/site-packages
COPY --from=code /app/contracts contracts
COPY --from=code /app/serving serving
COPY scripts/make_keys.py scripts/database_password.py scripts/
ENV MODEL_STORE=/models
USER 10001:10001
HEALTHCHECK NONE
CMD ["python", "-m", "serving", "status"]

# Speaks TensorFlow Serving's API where its own image does not run (arm64), by the same flags.
FROM base AS model-server
COPY --from=serving-packages /opt/venv /opt/venv
COPY --from=code /app/contracts contracts
COPY --from=code /app/serving serving
ENV BIND_HOST=0.0.0.0 \
    MODEL_STORE=/models
USER 10001:10001
EXPOSE 8500 8501
HEALTHCHECK --interval=5s --timeout=4s --start-period=120s --retries=3 \
    CMD ["probe", "8501", "/v1/models/rollcall/labels/stable/metadata"]
CMD ["python", "-m", "serving", "serve"]

# docker run --rm -v "$PWD/data:/data:ro" -v models:/models rollcall/training:0.1.0
FROM base AS training
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends libgomp1 \
    && rm -rf /var/lib/apt/lists/*
COPY --from=training-packages /opt/venv /opt/venv
COPY --from=code /app/contracts contracts
COPY --from=code /app/training training
USER 10001:10001
HEALTHCHECK NONE
CMD ["python", "-m", "training", "--data", "/data", "--out", "/models"]
