# repro in an image: docker build -t repro . && docker run --rm repro --version
# The same source gives the same files: bases by digest, packages by hash, times by SOURCE_DATE_EPOCH.
# Another base, such as your own, needs Python 3.11 or newer with venv: --build-arg BASE=...
ARG BASE=docker.io/library/python:3.13-slim-bookworm@sha256:01f42367a0a94ad4bc17111776fd66e3500c1d87c15bbd6055b7371d39c124fb

FROM ${BASE} AS build
# Seconds since 1970 that all files get; releases pass the time of their commit.
ARG SOURCE_DATE_EPOCH=1700000000
# pip reads these by itself, for builds without a network.
ARG PIP_NO_INDEX
ARG PIP_FIND_LINKS
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_NO_COMPILE=1 PYTHONDONTWRITEBYTECODE=1
WORKDIR /source
COPY . .
RUN python3 -m venv /tmp/build \
 && /tmp/build/bin/pip install --quiet --require-hashes --only-binary :all: -r requirements-build.lock \
 && /tmp/build/bin/pip wheel --quiet --no-deps --no-build-isolation --wheel-dir /tmp/wheel .
RUN python3 -m venv --without-pip /opt/repro \
 && /tmp/build/bin/pip --python /opt/repro/bin/python install --quiet \
      --require-hashes --only-binary :all: -r requirements.lock \
 && /tmp/build/bin/pip --python /opt/repro/bin/python install --quiet --no-deps --no-index /tmp/wheel/*.whl \
 && /opt/repro/bin/python -m compileall -q --invalidation-mode unchecked-hash /opt/repro/lib \
 && mkdir -p /image/opt /image/work && mv /opt/repro /image/opt/ \
 && find /image -exec touch --no-dereference --date "@${SOURCE_DATE_EPOCH}" {} +

FROM ${BASE}
LABEL org.opencontainers.image.title="repro" \
      org.opencontainers.image.description="Tells what differs between two ML containers, and whether it changes model outputs" \
      org.opencontainers.image.licenses="Apache-2.0"
# With its folders: those that a builder makes have the time of the build.
COPY --from=build /image /
# What is kept of layers; mount a volume there to keep it for the next run.
ENV PATH=/opt/repro/bin:$PATH HOME=/tmp REPRO_CACHE_DIR=/tmp/repro
# Nobody in particular, with no rights to any file; --user says who may read what is mounted.
USER 65532:65532
WORKDIR /work
ENTRYPOINT ["/opt/repro/bin/repro"]
