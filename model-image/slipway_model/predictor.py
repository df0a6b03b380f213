"""Predictions from an artifact: a point and an interval for each row."""

import ctypes
import threading
from typing import Any

import lightgbm
import numpy as np
from lightgbm.libpath import _LIB
from numpy.typing import NDArray

from slipway_model import features
from slipway_model.artifact import MODELS, Artifact
from slipway_model.encoder import Matrix
from slipway_model.failure import Failure
from slipway_model.schema import SCHEMA

FLOAT64 = 1  # C_API_DTYPE_FLOAT64
NORMAL = 0  # C_API_PREDICT_NORMAL


class SingleRow:
    """LightGBM's C function for one row at a time, set up once; `Booster.predict` spends 20 times as long.

    Not safe for two threads at once.
    """

    def __init__(self, booster: lightgbm.Booster, columns: int) -> None:
        self._booster: Any = booster  # keeps the C++ object alive
        self._config = ctypes.c_void_p()
        self._out = ctypes.c_double()
        self._length = ctypes.c_int64()
        _check(
            _LIB.LGBM_BoosterPredictForMatSingleRowFastInit(
                self._booster._handle,
                ctypes.c_int(NORMAL),
                ctypes.c_int(0),
                ctypes.c_int(-1),
                ctypes.c_int(FLOAT64),
                ctypes.c_int32(columns),
                ctypes.c_char_p(b"num_threads=1"),
                ctypes.byref(self._config),
            )
        )
        self._arguments = (ctypes.byref(self._length), ctypes.byref(self._out))

    def predict(self, row: ctypes.Array[ctypes.c_double]) -> float:
        """The raw prediction for `row`, an array of as many doubles as there are features."""
        _check(_LIB.LGBM_BoosterPredictForMatSingleRowFast(self._config, row, *self._arguments))
        return self._out.value

    def __del__(self) -> None:
        """Give back the C side's memory."""
        if self._config:
            _LIB.LGBM_FastConfigFree(self._config)


def _check(code: int) -> None:
    if code != 0:
        raise RuntimeError(_LIB.LGBM_GetLastError().decode("utf-8", "replace"))


def _booster(name: str, text: str) -> lightgbm.Booster:
    try:
        booster = lightgbm.Booster(model_str=text)
        columns = booster.num_feature()
    except (lightgbm.basic.LightGBMError, ValueError) as error:
        raise Failure(f"the model file {name}.txt cannot be loaded ({error}): train anew") from None
    if columns != len(features.NAMES):
        raise Failure(
            f"the model file {name}.txt takes {columns} features, not {len(features.NAMES)}: train anew"
        )
    return booster


class Predictor:
    """A loaded artifact. Predictions are (value, lower, upper), with lower <= value <= upper."""

    def __init__(self, artifact: Artifact, threads: int = 1) -> None:
        self.artifact = artifact
        self._threads = threads
        self._boosters = [_booster(name, artifact.models[name]) for name in MODELS]
        self._single = [SingleRow(booster, len(features.NAMES)) for booster in self._boosters]
        self._buffer = (ctypes.c_double * len(features.NAMES))()
        self._lock = threading.Lock()
        self._line = features.NAMES.index(features.START)
        limits = SCHEMA.target.limits
        self._low = limits.get("minimum", limits.get("exclusiveMinimum", -float("inf")))
        self._high = limits.get("maximum", limits.get("exclusiveMaximum", float("inf")))

    def predict(self, matrix: Matrix) -> NDArray[np.float64]:
        """Shape (rows, features) in, (rows, 3) out: value, lower and upper in the target's unit."""
        artifact = self.artifact
        line = artifact.intercept + artifact.slope * matrix[:, self._line]
        raw = [booster.predict(matrix, num_threads=self._threads) for booster in self._boosters]
        point, lower, upper = (line + np.asarray(column, dtype=np.float64) for column in raw)
        value = np.clip(point, self._low, self._high)
        lower = np.clip(np.minimum(np.minimum(lower, upper) - artifact.margin, value), self._low, self._high)
        upper = np.clip(np.maximum(np.maximum(lower, upper) + artifact.margin, value), self._low, self._high)
        return np.column_stack([value, lower, upper])

    def predict_records(self, records: list[Any]) -> NDArray[np.float64]:
        """The same for records of the schema's request type."""
        return self.predict(self.artifact.encoder.matrix(records))

    def predict_record(self, record: Any) -> tuple[float, float, float]:
        """(value, lower, upper) of one record, the fast way."""
        artifact = self.artifact
        row = artifact.encoder.row(features.compute(record))
        line = artifact.intercept + artifact.slope * row[self._line]
        with self._lock:
            self._buffer[:] = row  # type: ignore[assignment]
            point, lower, upper = (line + single.predict(self._buffer) for single in self._single)
        value = min(max(point, self._low), self._high)
        lower, upper = min(lower, upper) - artifact.margin, max(lower, upper) + artifact.margin
        return (
            value,
            min(max(min(lower, value), self._low), self._high),
            min(max(max(upper, value), self._low), self._high),
        )
