#!/usr/bin/env bash
# Builds this container and the AWS sample on the same base and prints their sizes as a registry holds them (gzip).
#   SLIPWAY_BASE_IMAGE=... bash bench/serving/image-size.sh
set -euo pipefail
cd "$(dirname "$0")/../.."
base=${SLIPWAY_BASE_IMAGE:-python:3.11-slim}

# build TAG FOLDER DOCKERFILE
build() {
  docker build --quiet --network host --build-arg BASE_IMAGE="$base" --tag "$1" --file "$3" "$2" >/dev/null
}

# megabytes IMAGE: all layers, compressed.
megabytes() {
  docker save "$1" | gzip -c | wc -c | awk '{ printf "%.1f", $1 / 1e6 }'
}

build slipway-bench/container model-image model-image/Dockerfile
build slipway-bench/sample bench/serving bench/serving/sample.Dockerfile
own=$(megabytes slipway-bench/container) sample=$(megabytes slipway-bench/sample) bare=$(megabytes "$base")
printf '%-16s %8s\n' image 'MB, gzip'
printf '%-16s %8s\n' "$base" "$bare" 'this container' "$own" 'AWS sample' "$sample"
awk -v own="$own" -v sample="$sample" -v bare="$bare" 'BEGIN {
  printf "this container to AWS sample: %.2f (without the base image %.2f)\n", own / sample, (own - bare) / (sample - bare) }'
