# A Savepoint worker, which is also the command line: docker run savepoint --help
ARG NODE_VERSION=22.20.0

FROM node:${NODE_VERSION}-bookworm-slim AS build
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
RUN npm ci --loglevel=error
COPY tsconfig.json tsconfig.build.json ./
COPY scripts ./scripts
COPY src ./src
RUN node scripts/setup.mjs

FROM node:${NODE_VERSION}-bookworm-slim AS modules
WORKDIR /modules
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --loglevel=error

FROM node:${NODE_VERSION}-bookworm-slim
# git: sources from a commit. postgresql-client: savepoints by dump of servers up to its version.
RUN apt-get update \
  && apt-get install --yes --no-install-recommends ca-certificates git postgresql-client \
  && rm -rf /var/lib/apt/lists/*
ENV NODE_ENV=production
WORKDIR /app
COPY package.json LICENSE ./
COPY bin ./bin
COPY --from=modules /modules/node_modules ./node_modules
COPY --from=build /build/dist ./dist
RUN ln -s /app/bin/savepoint.js /usr/local/bin/savepoint \
  && mkdir /workspace /records && chown node:node /workspace /records
USER node
WORKDIR /workspace
EXPOSE 8081
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:8081/health').then((a) => process.exit(a.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["savepoint"]
CMD ["worker", "--health-port", "8081"]
