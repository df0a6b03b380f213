#!/usr/bin/env bash
# Quality, then speed against scikit-learn: bash bench/training/run.sh [rows...]
set -euo pipefail
cd "$(dirname "$0")/../.."
source bench/serving/peers.sh
# On a machine that does other work, threads that spin while they wait take many times as long: for all trainers alike.
export OMP_WAIT_POLICY=PASSIVE

echo "5-fold cross-validation of the container's training on data/taxis.csv (dollars; share within the 80 % interval)"
.venv/bin/python bench/training/cross_validation.py

printf '\n%9s %-13s %11s %9s %9s %9s %7s\n' rows trainer "features s" "fit s" "rows/s" "peak MB" error
for rows in "${@:-10000 100000 1000000}"; do
  for count in $rows; do
    for trainer in container two-hosts scikit-learn; do
      "$PEERS" bench/training/measure.py "$trainer" "$count" |
        "$PEERS" -c '
import json, sys
m = json.loads(sys.stdin.read().splitlines()[-1])
rate = int(sys.argv[2]) / m["fit"]
print("%9s %-13s %11.2f %9.2f %9.0f %9.0f %7.2f" % (sys.argv[2], sys.argv[1], m["features"], m["fit"], rate, m["peak"], m["error"]))
' "$trainer" "$count"
    done
  done
done
