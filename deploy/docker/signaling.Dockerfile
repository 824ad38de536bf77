# The signaling server with the built app, as one file of JavaScript each. Build from the top of the repository:
#   docker build -f deploy/docker/signaling.Dockerfile -t parley-signaling .
FROM node:20-bookworm-slim AS build
WORKDIR /src
COPY . .
RUN npm ci --no-audit --no-fund && npm run build

FROM node:20-bookworm-slim
WORKDIR /parley
COPY --from=build /src/signaling/dist/main.js signaling.js
COPY --from=build /src/app/dist app
ENV NODE_ENV=production PARLEY_HOST=0.0.0.0 PARLEY_PORT=8787 PARLEY_APP_DIR=/parley/app
USER node
EXPOSE 8787
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s CMD ["node", "-e", "fetch('http://127.0.0.1:8787/readyz').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
# A young generation of 2 MB instead of 16: 25 MB less with 10,000 connections, at no cost that was measured.
ENTRYPOINT ["node", "--max-semi-space-size=2", "/parley/signaling.js"]
CMD ["serve"]
