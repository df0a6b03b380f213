#!/usr/bin/env bash
# Times the demo and its parts on this machine, in a laptop cloud of its own. Caches (packages, Pulumi CLI) are warm.
set -euo pipefail
cd "$(dirname "$0")/.."
home=$(mktemp -d)
export SLIPWAY_LOCAL_HOME=$home/laptop
stop() {
  node automation/bin.js local reset >/dev/null 2>&1 || true
  rm -rf "$home"
}
trap stop EXIT

# A clone, as what is released is changed below; it shares the installed packages.
git clone --quiet . "$home/project"
ln -s "$PWD/node_modules" "$PWD/.venv" "$home/project"
cd "$home/project"

# timed LABEL COMMAND...: one row, in seconds.
timed() {
  local label=$1 began ended
  shift
  began=$(date +%s.%N)
  "$@" >"$home/log" 2>&1 || { cat "$home/log" >&2; return 1; }
  ended=$(date +%s.%N)
  awk -v label="$label" -v a="$began" -v b="$ended" 'BEGIN { printf "%-44s %6.1f s\n", label, b - a }'
}
slipway() { node automation/bin.js "$@"; }

timed "make demo, first" make demo
timed "make demo, again" make demo
timed "slipway up local, nothing to do" slipway up local
timed "slipway release local, nothing changed" slipway release local
timed "slipway status local" slipway status local
timed "slipway local stop" slipway local stop
timed "slipway local start" slipway local start
sed -i 's/"seed": [0-9]*/"seed": 7/' model-image/hyperparameters.json
timed "slipway release local, another seed" slipway release local
timed "slipway rollback local" slipway rollback local
slipway release local >/dev/null 2>&1 # the other seed is served again
git checkout --quiet model-image/hyperparameters.json
timed "slipway release local, after a revert" slipway release local
