#!/usr/bin/env bash
# Measures the container's server against its peers: bash bench/serving/run.sh [seconds a measurement]
set -euo pipefail
cd "$(dirname "$0")/../.."
source bench/serving/peers.sh

if [ ! -x "$TOOLS/usr/bin/wrk" ]; then
  debs=$(mktemp -d)
  for package in wrk libluajit-5.1-2 nginx; do
    (cd "$debs" && apt-get download --quiet --quiet "$package" 2>/dev/null) || echo "Debian's $package cannot be had here"
  done
  for deb in "$debs"/*.deb; do dpkg -x "$deb" "$TOOLS"; done
  rm -r "$debs"
fi
LD_LIBRARY_PATH=$(dirname "$(find "$TOOLS" -name 'libluajit-5.1.so.2' -print -quit)")
export LD_LIBRARY_PATH

base=$(mktemp -d)
trap 'rm -rf "$base"' EXIT
export SAGEMAKER_BASE_DIR="$base" PYTHONPATH="$PWD/model-image"
mkdir -p "$base/processing/input/raw" "$base/input/data"
cp data/taxis.csv "$base/processing/input/raw"
.venv/bin/python -m slipway_model process >/dev/null
cp -r "$base"/processing/output/{train,validation,test} "$base/input/data"
.venv/bin/python -m slipway_model train >/dev/null
.venv/bin/python bench/serving/measure.py "$@"

echo
if docker image inspect "${SLIPWAY_BASE_IMAGE:-python:3.11-slim}" >/dev/null 2>&1; then
  bash bench/serving/image-size.sh 2>/dev/null
else
  echo "image sizes: no Docker engine with the base image ${SLIPWAY_BASE_IMAGE:-python:3.11-slim} (SLIPWAY_BASE_IMAGE)"
fi
