# coturn under Parley's launcher, which writes its configuration. Build from the top of the repository:
#   docker build -f deploy/docker/turn.Dockerfile -t parley-turn .
FROM node:20-bookworm-slim AS build
WORKDIR /src
COPY . .
RUN npm ci --no-audit --no-fund && npm run build

FROM node:20-bookworm-slim
RUN apt-get update && apt-get install -y --no-install-recommends coturn && rm -rf /var/lib/apt/lists/*
WORKDIR /parley
COPY --from=build /src/turn/dist/main.js turn.js
ENV NODE_ENV=production
USER node
EXPOSE 3478/udp 3478/tcp 5349/udp 5349/tcp
ENTRYPOINT ["node", "/parley/turn.js"]
CMD ["serve"]
