"""LightGBM without what it imports only for wrappers that are not used here.

Where scikit-learn, pandas and the like are installed, `import lightgbm` imports them too, which takes seconds
of every start. Each module of this package that needs LightGBM gets it from here.
"""

import os
import sys

# Threads that wait for each other sleep instead of spinning: 5 s instead of 72 s for 100,000 rows where other
# programs use the cores. OpenMP reads it when it is loaded.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

WRAPPED = ("dask", "matplotlib", "pandas", "pyarrow", "sklearn")

_hidden = [name for name in WRAPPED if name not in sys.modules]
for _name in _hidden:
    sys.modules[_name] = None  # type: ignore[assignment]
try:
    import lightgbm
    import lightgbm.callback
    from lightgbm.libpath import _LIB as LIB
finally:
    for _name in _hidden:
        del sys.modules[_name]

__all__ = ["LIB", "lightgbm"]
