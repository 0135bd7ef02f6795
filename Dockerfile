# syntax=docker/dockerfile:1
# Generated code and vendored files are part of the source, so that building
# needs Go alone. The image needs a database: see docker-compose.yml.
FROM golang:1.26-alpine AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN --mount=type=cache,target=/go/pkg/mod go mod download
COPY . .
ARG VERSION=dev
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build \
    CGO_ENABLED=0 go build -buildvcs=false -trimpath -ldflags "-s -w -X main.version=${VERSION}" -o /console ./cmd/console

FROM alpine:3.22
# The account's number is fixed, so that volumes keep their owner.
RUN adduser -D -H -u 10001 postern && install -d -o postern -g postern -m 0700 /data
COPY --from=build /console /usr/local/bin/console
ENV POSTERN_LISTEN=:8080 POSTERN_DATA_DIR=/data
USER 10001:10001
# The secret key lives here, unless POSTERN_SECRET_KEY_FILE says otherwise.
VOLUME /data
EXPOSE 8080
# /healthz says that the process is up; a database that is away for a moment
# must not make the platform kill it. /readyz is for load balancers.
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s \
    CMD ["wget", "-q", "-O", "/dev/null", "http://127.0.0.1:8080/healthz"]
ENTRYPOINT ["console"]
CMD ["serve"]
