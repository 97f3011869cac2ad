# `./dev image` builds this and tries the result.
FROM debian:12-slim AS build
WORKDIR /src
COPY dependencies.txt .
RUN apt-get update -qq \
 && apt-get install -y -qq --no-install-recommends $(awk '$1 == "build" { print $2 }' dependencies.txt)
COPY . .
ARG REVISION=""
RUN cmake --preset release -D LOGBOOM_COMMIT="$REVISION" \
 && cmake --build --preset release --target logboom \
 && strip -o /usr/bin/logboom build/release/logboom

FROM debian:12-slim
COPY dependencies.txt /tmp/
RUN apt-get update -qq \
 && apt-get install -y -qq --no-install-recommends $(awk '$1 == "run" { print $2 }' /tmp/dependencies.txt) \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/*.bin /var/log/apt /var/log/dpkg.log /tmp/dependencies.txt \
 && useradd --uid 10001 --no-create-home --home-dir /var/lib/logboom --shell /usr/sbin/nologin logboom \
 && install -d -o logboom -g logboom -m 0700 /var/lib/logboom
COPY --from=build /usr/bin/logboom /usr/bin/logboom
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
