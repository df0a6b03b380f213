#!/usr/bin/env bash
# Times the demo and its parts on this machine, in a laptop cloud of its own. Caches (packages, Pulumi CLI) are warm.
set -euo pipefail
cd "$(dirname "$0")/.."
SLIPWAY_LOCAL_HOME=$(mktemp -d)
export SLIPWAY_LOCAL_HOME
stop() {
  node automation/bin.js local reset >/dev/null 2>&1 || true
}
trap stop EXIT

# timed LABEL COMMAND...: one row, in seconds.
timed() {
  local label=$1 began ended
  shift
  began=$(date +%s.%N)
  "$@" >/dev/null 2>&1
  ended=$(date +%s.%N)
  awk -v label="$label" -v a="$began" -v b="$ended" 'BEGIN { printf "%-44s %6.1f s\n", label, b - a }'
}

timed "make demo, first" make demo
timed "make demo, again" make demo
timed "slipway up local, nothing to do" node automation/bin.js up local
timed "slipway release local, nothing changed" node automation/bin.js release local
timed "slipway status local" node automation/bin.js status local
timed "slipway local stop" node automation/bin.js local stop
timed "slipway local start" node automation/bin.js local start
