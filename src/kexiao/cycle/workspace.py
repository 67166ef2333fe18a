"""``Workspace``: every verb of the cycle on one company's data, for notebooks and scripts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kexiao.cycle import explain as explaining
from kexiao.cycle.measure import Measurement, measure
from kexiao.engine.folder import Folder, create_folder, open_folder
from kexiao.facts.metric import Metric
from kexiao.facts.rows import BehindRow
from kexiao.facts.source import FactSource, open_facts
from kexiao.metrics.catalogue import all_metrics, metrics_of
from kexiao.text import Text

if TYPE_CHECKING:
    from kexiao.assessment.results import Assessment
    from kexiao.cycle.collect import LoadReport
    from kexiao.effect.verdicts import Verdict
    from kexiao.improvement.initiatives import Improvement


class Workspace:
    """One company's data on disk.

    Example (in a notebook)::

        w = kexiao.open("my-company")
        w.measure("retention_rate", period="2025Q3", by=["channel"]).to_pandas()
    """

    def __init__(self, folder: Folder) -> None:
        self.folder = folder

    def facts(self, as_of: str | None = None) -> FactSource:
        """The facts at a snapshot, opened."""
        return open_facts(self.folder, as_of=as_of)

    def collect(self, *files: str | Path, **options: Any) -> LoadReport:
        """Load files; see ``kexiao.cycle.collect``."""
        from kexiao.cycle.collect import collect

        return collect(self.folder, [Path(file) for file in files], **options)

    def pull(self, source: str, *, full: bool = False) -> LoadReport:
        """Collect what is new from a described source; see ``kexiao.cycle.pull``."""
        from kexiao.cycle.pull import pull

        return pull(self.folder, source, full=full)

    def measure(
        self,
        metrics: str | Sequence[str] = (),
        *,
        period: str,
        grain: str | None = None,
        by: Sequence[str] = (),
        where: dict[str, str] | None = None,
        variants: bool = False,
        window: int | None = None,
        as_of: str | None = None,
    ) -> Measurement:
        """Metrics over a period; see ``kexiao.cycle.measure``."""
        names = [metrics] if isinstance(metrics, str) else list(metrics)
        fixed = tuple((where or {}).items())
        return measure(
            self.folder, names, period=period, grain=grain, by=list(by), where=fixed, variants=variants, window=window, as_of=as_of
        )  # fmt: skip

    def metrics(self) -> dict[str, Metric]:
        """The catalogue: the program's metrics and the company's own, by name."""
        with metrics_of(self.folder.root):
            return all_metrics()

    def explain(self, metric: str, *, period: str, where: dict[str, str] | None = None) -> explaining.Explanation:
        """One number opened; see ``kexiao.cycle.explain``."""
        with metrics_of(self.folder.root):
            return explaining.explain(self.facts(), metric, period, tuple((where or {}).items()))

    def rows(self, metric: str, *, period: str, where: dict[str, str] | None = None) -> list[BehindRow] | Text:
        """The rows behind a number."""
        with metrics_of(self.folder.root):
            return explaining.rows(self.facts(), metric, period, tuple((where or {}).items()))

    def change(self, metric: str, *, period: str, against: str, by: str) -> explaining.Change:
        """Why a metric moved between two periods."""
        with metrics_of(self.folder.root):
            return explaining.change_of(self.facts(), metric, period, against, by)

    def assess(self, scorecard: str, *, period: str, close: bool = False) -> Assessment:
        """Assess by a scorecard; see ``kexiao.cycle.assess``."""
        from kexiao.cycle.assess import assess

        return assess(self.folder, scorecard, period, close=close)

    def improve(self, *, period: str | None = None, against: str | None = None) -> Improvement:
        """What moved and why, and what is due; see ``kexiao.cycle.improve``."""
        from kexiao.cycle.improve import improve

        return improve(self.folder, period, against)

    def review(self, initiative: str | None = None) -> tuple[Verdict, ...]:
        """Whether initiatives worked; see ``kexiao.cycle.review``."""
        from kexiao.cycle.review import review

        return review(self.folder, initiative)


def open_workspace(path: str | Path) -> Workspace:
    """Open a workspace that exists."""
    return Workspace(open_folder(Path(path)))


def create_workspace(path: str | Path, **settings: Any) -> Workspace:
    """Make a workspace, or open the one that is there; settings as in ``kexiao init``."""
    return Workspace(create_folder(Path(path), **settings))
