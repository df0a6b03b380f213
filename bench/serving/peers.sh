# Sourced by the run.sh of the benchmarks: puts the peers into .slipway/bench, once, and sets PEERS (their Python) and TOOLS.
# Debian's packages are unpacked there, not installed: nothing of this machine changes.
BENCH_HOME="$PWD/.slipway/bench"
PEERS="$BENCH_HOME/peers/bin/python"
TOOLS="$BENCH_HOME/tools"
mkdir -p "$BENCH_HOME"
if ! cmp -s bench/serving/requirements-peers.txt "$BENCH_HOME/peers/requirements.txt"; then
  .venv/bin/python -m venv --clear "$BENCH_HOME/peers"
  "$PEERS" -m pip install --quiet --disable-pip-version-check -r bench/serving/requirements-peers.txt
  cp bench/serving/requirements-peers.txt "$BENCH_HOME/peers/requirements.txt"
fi
export PEERS TOOLS
