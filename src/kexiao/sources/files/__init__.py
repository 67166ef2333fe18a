"""Files from outside, read as text cells and nothing more; what the cells mean is decided by the mapping.

Each file is opened by a short-lived child process with limits, so that a hostile one cannot harm the program.
"""

from kexiao.sources.files.reading import read_file
from kexiao.sources.files.staged import CELL_ERRORS, Limits, RefusedRow, SkippedRow, StagedSheet

__all__ = ["CELL_ERRORS", "Limits", "RefusedRow", "SkippedRow", "StagedSheet", "read_file"]
