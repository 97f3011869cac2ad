FROM debian:12-slim AS build
WORKDIR /src
COPY dependencies.txt .
RUN apt-get update -qq \
 && apt-get install -y -qq --no-install-recommends $(awk '$1 == "build" { print $2 }' dependencies.txt)
COPY . .
RUN cmake --preset release && cmake --build --preset release --target logboom

FROM debian:12-slim
COPY dependencies.txt /tmp/
RUN apt-get update -qq \
 && apt-get install -y -qq --no-install-recommends $(awk '$1 == "run" { print $2 }' /tmp/dependencies.txt) \
 && rm -rf /var/lib/apt/lists/* /tmp/dependencies.txt \
 && useradd --system --uid 10001 logboom \
 && install -d -o logboom -g logboom -m 0700 /var/lib/logboom
COPY --from=build /src/build/release/logboom /usr/bin/logboom
USER logboom
VOLUME /var/lib/logboom
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s CMD ["logboom", "health"]
ENTRYPOINT ["logboom"]
CMD ["serve", "--listen", "0.0.0.0:8080", "--data-dir", "/var/lib/logboom"]
