# syntax=docker/dockerfile:1
# Two images of one program. Each holds only the llama.cpp binaries that it needs.
#   docker build --target cpu  -t retort .
#   docker build --target cuda -t retort:cuda .
# scripts/check-docker.mjs runs the lines marked "checked" in a clean folder.

ARG NODE_VERSION=22
ARG NODE_LLAMA_CPP_VERSION=3.22.1

# --- dist, from the sources ------------------------------------------------------------------------------------------
FROM node:${NODE_VERSION}-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
# checked: build
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json ./
COPY scripts/build.mjs scripts/
COPY src src
# checked: build
RUN npm run build

# --- production packages, without any of node-llama-cpp's platform binaries (670 MB) -----------------------------------
FROM node:${NODE_VERSION}-bookworm-slim AS packages
WORKDIR /app
COPY package.json package-lock.json ./
# checked: packages
RUN npm ci --omit=dev --omit=optional --ignore-scripts --no-audit --no-fund

FROM packages AS packages-cpu
ARG NODE_LLAMA_CPP_VERSION
ARG TARGETARCH=amd64
# checked: cpu
RUN npm install --no-save --omit=dev --omit=optional --ignore-scripts --no-audit --no-fund \
    "@node-llama-cpp/linux-$([ "$TARGETARCH" = arm64 ] && echo arm64 || echo x64)@${NODE_LLAMA_CPP_VERSION}"

FROM packages AS packages-cuda
ARG NODE_LLAMA_CPP_VERSION
# checked: cuda
RUN npm install --no-save --omit=dev --omit=optional --ignore-scripts --no-audit --no-fund \
    "@node-llama-cpp/linux-x64-cuda@${NODE_LLAMA_CPP_VERSION}"

# --- the program, the same in both images ------------------------------------------------------------------------------
FROM scratch AS program
COPY --from=build /app/dist /app/dist
COPY package.json LICENSE README.md /app/
COPY config /app/config
COPY models/pocket-reasoner /app/models/pocket-reasoner

# --- CPU -----------------------------------------------------------------------------------------------------------------
FROM node:${NODE_VERSION}-bookworm-slim AS cpu
WORKDIR /app
COPY --from=packages-cpu /app/node_modules node_modules
COPY --from=program /app .
# /models is for downloads, on a volume; made here so that the volume belongs to the user below.
RUN mkdir /models && chown node:node /models
ENV NODE_ENV=production RETORT_MODELS=/models
# node, by number: Kubernetes' runAsNonRoot cannot look names up.
USER 1000
VOLUME /models
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=10m --start-interval=1s \
    CMD ["node", "-e", "fetch('http://127.0.0.1:8080/readyz').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["node", "--min-semi-space-size=32", "--max-semi-space-size=32", "--heap-growing-percent=20", "dist/main.js"]
# Beyond loopback retort wants keys: --api-key-file /run/secrets/keys, or a configuration with keys, or --insecure.
CMD ["--host", "0.0.0.0"]

# --- CUDA 13: the binary needs libcudart.so.13 and libcublas.so.13, which the runtime image has --------------------------
FROM nvidia/cuda:13.0.1-runtime-ubuntu24.04 AS cuda
COPY --from=node:22-bookworm-slim /usr/local/bin/node /usr/local/bin/node
WORKDIR /app
COPY --from=packages-cuda /app/node_modules node_modules
COPY --from=program /app .
# Kernels for T4, A100 and H100 are compiled at the first start: /cuda-cache keeps them, on a volume.
RUN useradd --create-home --uid 10001 retort && mkdir /models /cuda-cache && chown retort:retort /models /cuda-cache
ENV NODE_ENV=production RETORT_MODELS=/models CUDA_CACHE_PATH=/cuda-cache CUDA_CACHE_MAXSIZE=4294967296
USER 10001
VOLUME ["/models", "/cuda-cache"]
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=20m --start-interval=1s \
    CMD ["node", "-e", "fetch('http://127.0.0.1:8080/readyz').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["node", "--min-semi-space-size=32", "--max-semi-space-size=32", "--heap-growing-percent=20", "dist/main.js"]
CMD ["--host", "0.0.0.0"]
