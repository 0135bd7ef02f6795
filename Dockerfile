# syntax=docker/dockerfile:1
# Generated code and vendored files are part of the source, so that building
# needs Go alone. The image needs a database: see docker-compose.yml.
# "make release" makes the same image without an engine: it reads this file.
FROM golang:1.26-alpine AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN --mount=type=cache,target=/go/pkg/mod go mod download
COPY . .
ARG VERSION=dev
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build \
    CGO_ENABLED=0 go build -buildvcs=false -trimpath -ldflags "-s -w -X main.version=${VERSION}" -o /console ./cmd/console
RUN install -d -m 0700 /image/data && install -d -m 1777 /image/tmp

# Nothing but the program: no shell, no other program, no package manager.
FROM scratch
# The account's number is fixed, so that volumes keep their owner.
COPY --chmod=0644 deploy/image/passwd deploy/image/group /etc/
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build --chown=10001:10001 /image/ /
COPY --from=build /console /usr/local/bin/console
ENV PATH=/usr/local/bin POSTERN_LISTEN=:8080 POSTERN_DATA_DIR=/data
USER 10001:10001
# The secret key lives here, unless POSTERN_SECRET_KEY_FILE says otherwise.
VOLUME /data
EXPOSE 8080
# It says that the process is up; a database that is away for a moment must not
# make the platform kill it. /readyz is for load balancers.
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s CMD ["/usr/local/bin/console", "health"]
ENTRYPOINT ["/usr/local/bin/console"]
CMD ["serve"]
