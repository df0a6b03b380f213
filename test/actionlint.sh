#!/usr/bin/env bash
# Checks the workflows with actionlint, which setup.sh builds where there is Go. Without it, says so; in CI that is a failure.
set -euo pipefail
actionlint=.slipway/bin/actionlint
if [ ! -x "$actionlint" ]; then
  echo "Left out: actionlint on .github/workflows. Install Go (https://go.dev/dl), then run it again."
  [ -z "${CI:-}" ]
  exit
fi
# shellcheck and pyflakes are not on every machine, and what they say depends on their versions.
"$actionlint" -shellcheck= -pyflakes=
