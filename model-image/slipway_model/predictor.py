"""Predictions from an artifact, for one row or for many."""

import ctypes
import threading
from typing import Any

import numpy as np
from numpy.typing import NDArray

from slipway_model import features
from slipway_model.artifact import Artifact
from slipway_model.encoder import Matrix
from slipway_model.failure import Failure
from slipway_model.forest import Forest, Unsupported
from slipway_model.gbm import LIB, lightgbm
from slipway_model.task import TASK

FLOAT64 = 1  # C_API_DTYPE_FLOAT64
RAW = 1  # C_API_PREDICT_RAW_SCORE


class SingleRow:
    """LightGBM's C function for one row at a time, set up once; `Booster.predict` spends 20 times as long.

    Not safe for two threads at once.
    """

    def __init__(self, booster: lightgbm.Booster, columns: int) -> None:
        self._booster: Any = booster  # keeps the C++ object alive
        self._config = ctypes.c_void_p()
        self._out = (ctypes.c_double * booster.num_model_per_iteration())()
        self._length = ctypes.c_int64()
        _check(
            LIB.LGBM_BoosterPredictForMatSingleRowFastInit(
                self._booster._handle,
                ctypes.c_int(RAW),
                ctypes.c_int(0),
                ctypes.c_int(-1),
                ctypes.c_int(FLOAT64),
                ctypes.c_int32(columns),
                ctypes.c_char_p(b"num_threads=1"),
                ctypes.byref(self._config),
            )
        )
        self._arguments = (ctypes.byref(self._length), self._out)

    def predict(self, row: ctypes.Array[ctypes.c_double]) -> list[float]:
        """The raw outputs for `row`, an array of as many doubles as there are features."""
        _check(LIB.LGBM_BoosterPredictForMatSingleRowFast(self._config, row, *self._arguments))
        return self._out[:]

    def __del__(self) -> None:
        """Give back the C side's memory."""
        if self._config:
            LIB.LGBM_FastConfigFree(self._config)


def _check(code: int) -> None:
    if code != 0:
        raise RuntimeError(LIB.LGBM_GetLastError().decode("utf-8", "replace"))


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
    """A loaded artifact. A prediction is a row of numbers as the task's `Output` gives it."""

    def __init__(self, artifact: Artifact) -> None:
        self.artifact = artifact
        boosters = [_booster(name, artifact.models[name]) for name in TASK.MODELS]
        self._boosters = boosters
        try:
            self._forest: Forest | None = Forest(boosters)
        except Unsupported:
            self._forest = None
        self._single = [SingleRow(booster, len(features.NAMES)) for booster in boosters]
        self._buffer = (ctypes.c_double * len(features.NAMES))()
        self._lock = threading.Lock()
        self._output = TASK.Output(artifact.parameters)

    def predict(self, matrix: Matrix) -> NDArray[np.float64]:
        """Predictions for rows of features."""
        return self._output.rows(matrix, self._raw(matrix))

    def _raw(self, matrix: Matrix) -> list[NDArray[np.float64]]:
        """By `Forest`, or by LightGBM itself where that cannot: the same numbers."""
        if self._forest is not None:
            return self._forest.predict(matrix)
        raw = [booster.predict(matrix, raw_score=True, num_threads=1) for booster in self._boosters]
        return [np.asarray(column, dtype=np.float64).reshape(len(matrix), -1) for column in raw]

    def predict_records(self, records: list[Any]) -> NDArray[np.float64]:
        """The same for records of the schema's request type."""
        return self.predict(self.artifact.encoder.matrix(records))

    def predict_record(self, record: Any) -> list[float]:
        """The prediction for one record, the fast way."""
        row = self.artifact.encoder.row(record)
        with self._lock:
            self._buffer[:] = row  # type: ignore[call-overload]
            raw = [single.predict(self._buffer) for single in self._single]
        return self._output.row(row, raw)
