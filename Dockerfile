# The program in an image of its own: one static file, no shell, no user but a number.
#
#   docker build --tag firebreak:0.1.0 .
#
# The program is built by `make image`, which needs no container. The base of the first stage
# is named by version; whoever publishes an image pins it by digest as well:
#   docker build --build-arg BASE=rust:1.95-slim-bookworm@sha256:... .
ARG BASE=rust:1.95-slim-bookworm

FROM ${BASE} AS build
RUN apt-get update \
 && apt-get install --yes --no-install-recommends make musl-tools \
 && rm -rf /var/lib/apt/lists/*
# The toolchain of the base, whatever `stable` is by now.
ENV RUSTUP_TOOLCHAIN=1.95.0
WORKDIR /src
COPY Makefile Cargo.toml Cargo.lock ./
COPY src ./src
COPY examples ./examples
COPY policies ./policies
# Cargo asks for every target that its manifest names.
COPY tests ./tests
COPY benches ./benches
RUN make image OUT=/out

FROM scratch
LABEL org.opencontainers.image.title="firebreak" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /out/firebreak /firebreak
USER 65532:65532
EXPOSE 9443 9080
ENTRYPOINT ["/firebreak"]
CMD ["serve", "--config", "/etc/firebreak/config.yaml"]
