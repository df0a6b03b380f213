#!/usr/bin/env bash
# Installs what Slipway needs, inside this folder: npm packages into node_modules, Python packages into .venv.
# Says what it does; does nothing when it is done already. Usage: setup.sh [--test]
set -euo pipefail
cd "$(dirname "$0")"

fail() {
  echo "$1" >&2
  exit 1
}

require_node() {
  command -v node >/dev/null || fail "Slipway needs Node.js 20.19 or newer, and there is none. Install it (https://nodejs.org), then run the command again."
  node -e 'const [a, b] = process.versions.node.split("."); process.exit(a > 20 || (a == 20 && b >= 19) ? 0 : 1)' ||
    fail "Slipway needs Node.js 20.19 or newer; this is $(node --version). Install a newer one (https://nodejs.org, or 'nvm install'), then run the command again."
  command -v npm >/dev/null || fail "Slipway needs npm, which comes with Node.js, and there is none. Install it (https://nodejs.org), then run the command again."
}

require_python() {
  python=${PYTHON:-python3}
  command -v "$python" >/dev/null || fail "Slipway needs Python 3.11 or newer, and there is no '$python'. Install it (https://www.python.org/downloads), or name another one with PYTHON=..., then run the command again."
  "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    fail "Slipway needs Python 3.11 or newer; '$python' is $("$python" --version). Install a newer one (https://www.python.org/downloads), or name another one with PYTHON=..., then run the command again."
}

require_space() {
  local free
  free=$(df -Pk . | awk 'NR == 2 { print int($4 / 1024) }')
  [ "$free" -ge 1500 ] || fail "Slipway needs 1500 MB in $PWD for its packages, and $free MB are free. Make room, then run the command again."
}

# done_before STAMP FILE...: whether STAMP was written for these files as they are now.
done_before() {
  local stamp=$1
  shift
  sum=$(cat "$@" | cksum)
  [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$sum" ]
}

install_npm() {
  local stamp=node_modules/.slipway-installed
  done_before "$stamp" package-lock.json && return
  require_space
  echo "Installing npm packages into $PWD/node_modules (about half a minute, once)" >&2
  npm ci --no-audit --no-fund --loglevel=error >&2 || fail "npm could not install the packages (see above). Check the network, then run the command again."
  echo "$sum" >"$stamp"
}

install_python() {
  local stamp=$1
  shift
  done_before "$stamp" "$@" && return
  require_space
  echo "Installing Python packages into $PWD/.venv (about half a minute, once)" >&2
  [ -x .venv/bin/python ] || "$python" -m venv .venv || fail "'$python -m venv' failed (see above). On Debian and Ubuntu, install the package python3-venv, then run the command again."
  local arguments=()
  for file in "$@"; do arguments+=(-r "$file"); done
  .venv/bin/python -m pip install --quiet --disable-pip-version-check "${arguments[@]}" >&2 || fail "pip could not install the packages (see above). Check the network, then run the command again."
  echo "$sum" >"$stamp"
}

# Checks the workflows of GitHub Actions; where there is no Go to build it with, 'make lint' says that it is left out.
install_actionlint() {
  local version=1.7.7
  [ "$(.slipway/bin/actionlint -version 2>/dev/null | head -1)" = "v$version" ] && return
  command -v go >/dev/null || return 0
  echo "Building actionlint into $PWD/.slipway/bin (some seconds, once)" >&2
  GOBIN=$PWD/.slipway/bin go install "github.com/rhysd/actionlint/cmd/actionlint@v$version" >&2 ||
    echo "actionlint could not be built (see above): 'make lint' leaves it out." >&2
}

require_node
require_python
install_npm
install_python .venv/.slipway-installed local/requirements.txt model-image/requirements.txt
if [ "${1:-}" = --test ]; then
  install_python .venv/.slipway-test-installed local/requirements.txt model-image/requirements-dev.txt test/requirements.txt
  install_actionlint
fi
