# The lab as an image: the programs, the libraries they load, and nothing else; no shell, no package manager.
#
#   docker build -t chainlab .
#   docker run --rm -p 127.0.0.1:8079:8079 -p 127.0.0.1:8080:8080 --shm-size 320m chainlab
#
# docs/laptop.md says how to work with it; `make containers` builds this file and tries the image.

# What the build needs; the devcontainer is built from it too.
FROM swift:6.3-bookworm AS tools
WORKDIR /chainlab
COPY scripts/setup scripts/
# hadolint ignore=DL3008
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates make \
 && scripts/setup \
 && rm -rf /var/lib/apt/lists/*

FROM tools AS build
COPY . .
# Packages and what was compiled stay for the next build.
RUN --mount=type=cache,target=/chainlab/.build make build && scripts/image-root /image

FROM scratch
LABEL org.opencontainers.image.title="chainlab" \
      org.opencontainers.image.description="A laboratory for blocked-thread cascades: a chain of services, and the instruments that explain it" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /image/system /
COPY --from=build --chown=65532:65532 /image/own /
ENV PATH=/usr/local/bin TMPDIR=/lab
USER 65532:65532
WORKDIR /lab
VOLUME /lab
EXPOSE 8079 8080
ENTRYPOINT ["chainlab"]
CMD ["up", "--foreground", "--publish"]
