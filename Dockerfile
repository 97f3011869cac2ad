# `./dev image` builds this, for each of its platforms, and tries the result. With docker:
#   docker buildx build --platform linux/amd64,linux/arm64 --tag logboom .
# The build stage runs on the builder's own architecture and compiles for the target's, which is much
# faster than a compiler under emulation. Only what the last stage runs is of the target.
FROM --platform=$BUILDPLATFORM debian:12-slim AS build
ARG TARGETARCH
WORKDIR /src
COPY dependencies.txt .
# Tools are the builder's, libraries the target's.
RUN dpkg --add-architecture "$TARGETARCH" \
 && apt-get update -qq \
 && case "$(dpkg --print-architecture)-$TARGETARCH" in \
      amd64-arm64) cross=g++-aarch64-linux-gnu ;; \
      arm64-amd64) cross=g++-x86-64-linux-gnu ;; \
    esac \
 && apt-get install -y -qq --no-install-recommends $cross \
      $(awk -v target="$TARGETARCH" '$1 == "build" { print $2 ($2 ~ /-dev$/ ? ":" target : "") }' dependencies.txt)
COPY . .
ARG REVISION=""
RUN cmake --preset image -D LOGBOOM_ARCHITECTURE="$TARGETARCH" -D LOGBOOM_COMMIT="$REVISION" \
 && cmake --build --preset image --target logboom

# This is the default, but for Debian 12's buildah, which would go on with the platform of the first stage.
FROM --platform=$TARGETPLATFORM debian:12-slim
COPY dependencies.txt /tmp/
RUN apt-get update -qq \
 && apt-get install -y -qq --no-install-recommends $(awk '$1 == "run" { print $2 }' /tmp/dependencies.txt) \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/*.bin /var/log/apt /var/log/dpkg.log /tmp/dependencies.txt \
 && useradd --uid 10001 --no-create-home --home-dir /var/lib/logboom --shell /usr/sbin/nologin logboom \
 && install -d -o logboom -g logboom -m 0700 /var/lib/logboom
COPY --from=build /src/build/image/logboom /usr/bin/logboom
ARG VERSION=""
ARG REVISION=""
LABEL org.opencontainers.image.title="logboom" \
      org.opencontainers.image.description="HTTP log-ingest server that stores before it answers" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.base.name="docker.io/library/debian:12-slim" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION"
# By number, so that Kubernetes can tell that it is not root.
USER 10001:10001
WORKDIR /var/lib/logboom
# All that is ever written: the root file system may be read-only.
VOLUME /var/lib/logboom
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s CMD ["logboom", "health"]
ENTRYPOINT ["logboom"]
CMD ["serve", "--listen", "0.0.0.0:8080", "--data-dir", "/var/lib/logboom"]
