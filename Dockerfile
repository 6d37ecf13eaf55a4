# syntax=docker/dockerfile:1
# Two images: `--target api` serves and migrates, without TensorFlow; `--target trainer` trains.
# `make images` builds and runs both, also on a machine without a container engine.

# A digest pins the base image to the byte; docs/operations.md says how to find one:
#   docker build --build-arg BASE=python:3.13-slim-trixie@sha256:... --target api .
ARG BASE=python:3.13-slim-trixie

# hadolint ignore=DL3006
FROM ${BASE} AS base
LABEL org.opencontainers.image.title="Braid" \
      org.opencontainers.image.description="A recommendation service: collaborative-filtering neighbours and a neural network, woven into one ranked list" \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.licenses="Apache-2.0"
ENV PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    PATH="/opt/braid/bin:$PATH"
RUN groupadd --gid 10001 braid \
    && useradd --uid 10001 --gid braid --no-create-home --home-dir /var/lib/braid --shell /usr/sbin/nologin braid \
    && install --directory --owner=braid --group=braid /var/lib/braid


FROM base AS build-tools
ENV PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /src
COPY requirements-build.txt ./
RUN python -m venv /opt/build \
    && /opt/build/bin/python -m pip install --require-hashes -r requirements-build.txt
COPY pyproject.toml uv.lock README.md LICENSE ./


# The guide, which the API shows at /guide.
FROM build-tools AS build-guide
RUN python -m venv --without-pip /opt/guide \
    && /opt/build/bin/uv export --quiet --frozen --no-emit-project --only-group docs --output-file guide.txt \
    && /opt/build/bin/python -m pip --python /opt/guide/bin/python install --no-deps --only-binary :all: --require-hashes -r guide.txt
COPY mkdocs.yml ./
COPY docs ./docs
COPY scripts/build_guide.py ./scripts/build_guide.py
RUN /opt/guide/bin/python scripts/build_guide.py


FROM build-tools AS build-api
# Without pip, which no process of Braid needs.
RUN python -m venv --without-pip /opt/braid
# pip takes the locked files from whatever index it is set to; packages that would have to be compiled are refused.
RUN /opt/build/bin/uv export --quiet --frozen --no-emit-project --extra otel --extra redis --extra s3 --output-file api.txt \
    && /opt/build/bin/python -m pip --python /opt/braid/bin/python install --no-deps --only-binary :all: --require-hashes -r api.txt
COPY migrations ./migrations
COPY models ./models
COPY app ./app
COPY --from=build-guide /src/app/api/guide_site ./app/api/guide_site
RUN /opt/build/bin/python -m pip wheel --no-deps --no-build-isolation --wheel-dir wheels . \
    && /opt/build/bin/python -m pip --python /opt/braid/bin/python install --no-deps wheels/*.whl
# What no process of Braid loads: the packages' own tests and sources in C and Cython, Arrow's Flight and S3 clients
# (bundles on S3 go through fsspec), what botocore says of other services than S3, ONNX Runtime's tools, and libraries that lie in a package twice.
# `make images` runs Braid without them and checks the size; docs/operations.md lists what stays, and why.
RUN find /opt/braid -type d \( -name tests -o -path '*/onnxruntime/quantization' -o -path '*/onnxruntime/tools' \
        -o -path '*/onnxruntime/transformers' -o -path '*/botocore/data/*' ! -path '*/botocore/data/s3*' \
        ! -path '*/botocore/data/ss[mo]*' ! -path '*/botocore/data/sts*' ! -path '*/botocore/data/signin*' \) -prune -exec rm -r {} + \
    && find /opt/braid -type f \( -name '*.[ch]' -o -name '*.[ch]pp' -o -name '*.pyx' -o -name '*.px[di]' \
        -o -path '*/pyarrow/*flight*' -o -path '*/pyarrow/*_s3*' -o -path '*/pyarrow/libarrow_python.so' \
        -o -path '*/pyarrow/libarrow_python.so.*.*' -o -path '*/onnxruntime/capi/libonnxruntime.so.*' \) -delete


FROM build-api AS build-trainer
RUN /opt/build/bin/uv export --quiet --frozen --no-emit-project --extra otel --extra redis --extra s3 --extra train --output-file trainer.txt \
    && /opt/build/bin/python -m pip --python /opt/braid/bin/python install --no-deps --only-binary :all: --require-hashes -r trainer.txt


# What both images share but the packages: settings, the user, the one writable folder.
FROM base AS runtime
ENV BRAID_DATABASE_URL=sqlite+aiosqlite:////var/lib/braid/braid.sqlite3 \
    BRAID_BUNDLES=/var/lib/braid/bundles \
    BRAID_BUNDLE_CACHE=/var/lib/braid/bundle-cache \
    BRAID_IMPORTS=/var/lib/braid/imports \
    NUMBA_CACHE_DIR=/var/lib/braid/kernels \
    NUMBA_CACHE_LOCATOR_CLASSES=models.arrays.shipped_kernels.ShippedKernels
WORKDIR /var/lib/braid


FROM runtime AS trainer
# implicit links the OpenMP library, and its wheel does not bring it.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends libgomp1 \
    && rm -rf /var/lib/apt/lists/*
COPY --from=build-trainer /opt/braid /opt/braid
# Compiled here so that no process has to, beside the packages: no volume hides it, and the service cannot change it.
# On a processor of another kind a process compiles anew, into the volume.
RUN python -m models.ranking.compile_kernels --ship
USER 10001:10001
VOLUME /var/lib/braid
# A training run ends by itself, and its exit code says how.
HEALTHCHECK NONE
CMD ["braid", "train"]


FROM runtime AS api
ENV BRAID_HOST=0.0.0.0 \
    BRAID_PORT=8000 \
    OPENBLAS_NUM_THREADS=1
COPY --from=build-api /opt/braid /opt/braid
RUN python -m models.ranking.compile_kernels --ship
USER 10001:10001
VOLUME /var/lib/braid
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as r; r.build_opener(r.ProxyHandler({})).open('http://127.0.0.1:' + os.environ['BRAID_PORT'] + '/health/live', timeout=4)"]
CMD ["braid", "serve"]
