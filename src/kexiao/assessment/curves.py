"""Score curves: from a metric's value to points, 100 at the target.

``linear``: 0 at the floor, 100 at the target, 120 at the stretch goal, straight between, no more and no less outside.
``capped``: the same, but never above 100. ``step``: 0 short of the target, 100 from it on, 120 from the stretch goal on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

CurveKind = Literal["linear", "capped", "step"]
CURVES: tuple[CurveKind, ...] = ("linear", "capped", "step")
AT_TARGET, AT_STRETCH = 100.0, 120.0


@dataclass(frozen=True, slots=True)
class Curve:
    """A score curve in the metric's unit. ``floor`` is needed unless the kind is step; without ``stretch`` there is nothing above 100.

    Where lower is better, floor > target > stretch.
    """

    kind: CurveKind
    floor: float | None
    target: float
    stretch: float | None

    def points(self, values: Any, *, higher: bool) -> Any:
        """The scores of values, an array of the same shape.

        >>> Curve("linear", 0.6, 0.7, 0.78).points([0.5, 0.65, 0.7, 0.74, 0.9], higher=True).round(6).tolist()
        [0.0, 50.0, 100.0, 110.0, 120.0]
        >>> Curve("linear", 70, 58, 48).points([80, 64, 48], higher=False).tolist()
        [0.0, 50.0, 120.0]
        """
        sign = 1.0 if higher else -1.0
        measured = sign * np.asarray(values, dtype=np.float64)
        if self.kind == "step":
            scores = np.where(measured >= sign * self.target, AT_TARGET, 0.0)
            if self.stretch is not None:
                scores = np.where(measured >= sign * self.stretch, AT_STRETCH, scores)
            return scores
        knots = [(self.floor, 0.0), (self.target, AT_TARGET)]
        if self.stretch is not None and self.kind == "linear":
            knots.append((self.stretch, AT_STRETCH))
        places = [sign * float(value) for value, _ in knots if value is not None]
        return np.interp(measured, places, [score for value, score in knots if value is not None])
