"""Running a model: one small interface, one backend a file. Importing this needs no backend."""

from jetseg_core.runtime.base import Runtime, Segmentation
from jetseg_core.runtime.model_files import ModelDescription
from jetseg_core.runtime.runtime_settings import RuntimeSettings
from jetseg_core.runtime.selection import create_runtime

__all__ = ["ModelDescription", "Runtime", "RuntimeSettings", "Segmentation", "create_runtime"]
