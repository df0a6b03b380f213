"""SageMaker's folders: /opt/ml in a container, any folder when run as a plain process."""

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Layout:
    """Paths below `base` as SageMaker lays them out; none of them need exist."""

    base: Path

    @classmethod
    def from_environment(cls) -> "Layout":
        """The layout at SAGEMAKER_BASE_DIR (default /opt/ml)."""
        return cls(Path(os.environ.get("SAGEMAKER_BASE_DIR") or "/opt/ml"))

    @property
    def raw(self) -> Path:
        """Input of processing: CSV files at any depth."""
        return self.base / "processing" / "input" / "raw"

    def processed(self, name: str) -> Path:
        """Output of processing: `train`, `validation`, `test`, `holdout` or `report`."""
        return self.base / "processing" / "output" / name

    def channel(self, name: str) -> Path:
        """Input of training: `train`, `validation` or `test`."""
        return self.base / "input" / "data" / name

    @property
    def hyperparameters(self) -> Path:
        return self.base / "input" / "config" / "hyperparameters.json"

    @property
    def resources(self) -> Path:
        """Names of the training hosts."""
        return self.base / "input" / "config" / "resourceconfig.json"

    @property
    def model(self) -> Path:
        """Output of training and input of serving: the content of model.tar.gz."""
        return self.base / "model"

    @property
    def output_data(self) -> Path:
        """Output of training: the content of output.tar.gz."""
        return self.base / "output" / "data"

    @property
    def failure(self) -> Path:
        """Its first 1,024 characters become FailureReason of a training job."""
        return self.base / "output" / "failure"

    @property
    def message(self) -> Path:
        """Its first 1,024 characters become ExitMessage of a processing job."""
        return self.base / "output" / "message"

    def relative(self, path: Path) -> str:
        """`path` as people see it in a message: below the base folder."""
        return path.relative_to(self.base).as_posix()
