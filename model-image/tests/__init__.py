"""Tests of the container: its program is run as SageMaker runs it, on the real trips of data/taxis.csv."""

import os

# Read when LightGBM is loaded: its threads then do not spin while they wait, which is slow on a busy machine.
os.environ["OMP_WAIT_POLICY"] = "passive"
