"""What can be set about training, and the check of SageMaker's hyperparameters.json.

Defaults are in `hyperparameters.json` beside the package; the table here has types, limits and meanings.
"""

import difflib
import json
import math
from dataclasses import dataclass
from pathlib import Path

from slipway_model.failure import Failure

DEFAULTS_FILE = Path(__file__).resolve().parent.parent / "hyperparameters.json"


@dataclass(frozen=True)
class Hyperparameter:
    """A number that training takes; limits are inclusive."""

    kind: type[int] | type[float]
    minimum: float
    maximum: float
    meaning: str


TABLE: dict[str, Hyperparameter] = {
    "num_iterations": Hyperparameter(int, 1, 100_000, "trees at most; early stopping usually ends sooner"),
    "learning_rate": Hyperparameter(float, 0.0001, 1, "how much each tree adds"),
    "num_leaves": Hyperparameter(int, 2, 4096, "leaves of a tree at most"),
    "max_bin": Hyperparameter(int, 3, 65_535, "values of a feature that splits can tell apart"),
    "min_data_in_leaf": Hyperparameter(int, 1, 1_000_000, "rows in a leaf at least"),
    "feature_fraction": Hyperparameter(float, 0.01, 1, "share of the features that each tree sees"),
    "bagging_fraction": Hyperparameter(float, 0.01, 1, "share of the rows that each tree sees"),
    "bagging_freq": Hyperparameter(int, 0, 1000, "draw rows anew every so many trees; 0: never"),
    "lambda_l2": Hyperparameter(float, 0, 1_000_000, "L2 regularisation of leaf values"),
    "cat_smooth": Hyperparameter(float, 0, 1_000_000, "damps categories with few rows"),
    "cat_l2": Hyperparameter(float, 0, 1_000_000, "L2 regularisation of splits by category"),
    "min_data_per_group": Hyperparameter(int, 1, 1_000_000, "rows of a group of categories at least"),
    "early_stopping_rounds": Hyperparameter(int, 1, 10_000, "stop after so many trees that improve nothing"),
    "folds": Hyperparameter(int, 2, 50, "parts of the rows for the errors that calibrate the interval"),
    "interval_lower": Hyperparameter(float, 0.001, 0.5, "quantile at the interval's lower end"),
    "interval_upper": Hyperparameter(float, 0.5, 0.999, "quantile at the interval's upper end"),
    "seed": Hyperparameter(int, 0, 2**31 - 1, "seed of all that is drawn"),
}

Values = dict[str, int | float]


def read(path: Path) -> Values:
    """The defaults, overridden by the SageMaker file `path` (all values strings), which may be absent.

    Failure names a value of the wrong type or range, or an unknown name with the nearest known one. Names
    that SageMaker adds for itself (`sagemaker_*`, `_tuning*`) are ignored.
    """
    values = {name: _number(name, value) for name, value in _load(DEFAULTS_FILE).items()}
    given = _load(path) if path.exists() else {}
    for name, value in given.items():
        if not name.startswith(("sagemaker_", "_tuning")):
            values[name] = _number(name, value)
    return values


def _load(path: Path) -> dict[str, object]:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise Failure(
            f"{path.name} is not valid JSON ({error}): it must be one object of names and values"
        ) from None
    if not isinstance(document, dict):
        raise Failure(
            f"{path.name} must be one JSON object of names and values, not {type(document).__name__}"
        )
    return document


def _number(name: str, value: object) -> int | float:
    parameter = TABLE.get(name)
    if parameter is None:
        near = difflib.get_close_matches(name, TABLE, n=1)
        hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(TABLE)}"
        raise Failure(f"the hyperparameter {name!r} is not known: {hint}")
    wanted = "an integer" if parameter.kind is int else "a number"
    # The SageMaker Python SDK encodes values as JSON once more, which leaves quotes in the text.
    text = value.strip().strip('"') if isinstance(value, str) else str(value)
    try:
        number = parameter.kind(text)
    except ValueError:
        raise Failure(f"the hyperparameter {name} must be {wanted}, not {value!r}") from None
    if not (math.isfinite(number) and parameter.minimum <= number <= parameter.maximum):
        raise Failure(
            f"the hyperparameter {name} must be {wanted} from {parameter.minimum:g} to "
            f"{parameter.maximum:g}, not {text}"
        )
    return number
