#!/bin/sh
# Run while the image is built, in the layer that installs the packages: removes what this container never imports.
# LightGBM imports scipy.sparse and nothing else of SciPy, which takes more room than all the rest together. Remove
# this script from the Dockerfile when your features.py uses SciPy.
set -eu
site=$(python -c 'import os, scipy; print(os.path.dirname(os.path.dirname(scipy.__file__)))')

for folder in "$site"/scipy/*/; do
  case $(basename "$folder") in
    _lib | sparse | __pycache__) ;;
    *) rm -r "$folder" ;;
  esac
done
# OpenBLAS for scipy.linalg; NumPy has its own.
rm -r "$site/scipy.libs"
find "$site" -type d -name tests -prune -exec rm -r {} +

python -c 'import numpy, lightgbm
lightgbm.train({"verbosity": -1}, lightgbm.Dataset(numpy.ones((9, 2)), numpy.ones(9)), 1)'
