# The archivist. Build from the top of the repository:
#   docker build -f deploy/docker/archivist.Dockerfile -t parley-archivist .
FROM node:20-bookworm-slim AS build
WORKDIR /src
COPY . .
RUN npm ci --no-audit --no-fund && npm run build

FROM node:20-bookworm-slim
WORKDIR /parley
COPY --from=build /src/archivist/dist ./
# WebRTC is native code and no part of the bundle.
COPY --from=build /src/node_modules/@roamhq ./node_modules/@roamhq
RUN mkdir /data && chown node:node /data
ENV NODE_ENV=production PARLEY_ARCHIVIST_DIR=/data PARLEY_ARCHIVIST_HOST=0.0.0.0 PARLEY_ARCHIVIST_PORT=8790
USER node
VOLUME /data
EXPOSE 8790
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s CMD ["node", "-e", "fetch('http://127.0.0.1:8790/readyz').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "/parley/main.js"]
CMD ["serve"]
