"""The words that reports put around numbers: a value with its interval, a change with its judgement, marks, periods."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kexiao.cycle.overview import Difference, Reading, Span
from kexiao.facts.marks import marks_of
from kexiao.facts.metric import MetricValue, Number
from kexiao.facts.periods import Period
from kexiao.report import numbers
from kexiao.report.html import Html, join, tag
from kexiao.report.numbers import Better
from kexiao.text import Language, Text

JUDGEMENTS = {
    "better": Text(zh="好转", en="better"),
    "worse": Text(zh="变差", en="worse"),
    "unsure": Text(zh="在波动范围内", en="within chance"),
}
BEFORE = Text(zh="较上期", en="vs the period before")
YEAR_BEFORE = Text(zh="同比", en="year on year")
AGAINST_LATEST = Text(zh="较前 12 个月", en="vs the 12 months before")
UNKNOWN_GROUP = Text(zh="未知", en="unknown")


@dataclass(frozen=True, slots=True)
class Voice:
    """How one page speaks: its language and currency."""

    language: Language
    currency: str

    def say(self, text: Text, **values: object) -> str:
        """A text in this language, its names filled."""
        return (text.fill(**values) if values else text)(self.language)

    def show(self, value: Number | None, unit: str, *, places: int | None = None) -> str:
        """A plain number."""
        return numbers.show(value, unit, currency=self.currency, language=self.language, places=places)

    def line(self, value: MetricValue) -> str:
        """Value and interval in one line."""
        return self.shown(value).line

    def shown(self, value: MetricValue) -> numbers.Shown:
        """Value, interval, exact figure and reason, ready for the page."""
        return numbers.shown(
            value.value, value.unit, low=value.interval_low, high=value.interval_high, reason=value.reason,
            currency=self.currency, language=self.language,
        )  # fmt: skip

    def range(self, value: Number, low: Number | None, high: Number | None, unit: str) -> str:
        """A number with bounds."""
        return numbers.shown(
            value, unit, low=low, high=high, currency=self.currency, language=self.language
        ).line  # fmt: skip

    def period(self, period: Period) -> str:
        """A period's name; a free range by its days."""
        if period.grain == "range":
            first, last = period.name.split("..")
            return self.say(Text(zh="{a} 至 {b}", en="{a} to {b}"), a=first, b=last)
        return numbers.show_period(period.name, self.language)

    def period_name(self, name: str) -> str:
        """A period as people write it, from its name alone."""
        return numbers.show_period(name, self.language)

    def change(
        self, now: MetricValue, difference: Difference | None, better: Better, basis: Text | None = None
    ) -> numbers.Change:
        """A comparison with arrow, size and judgement."""
        return numbers.show_change(
            now.value, difference.before.value if difference and difference.amount is not None else None, now.unit, basis=basis, better=better,
            low=difference.low if difference else None, high=difference.high if difference else None,
            currency=self.currency, language=self.language,
        )  # fmt: skip

    def list(self, names: Sequence[str]) -> str:
        """Names one after the other, with commas of the language."""
        return ("、" if self.language == "zh" else ", ").join(names)


def change_html(voice: Voice, change: numbers.Change, *, word: bool = True) -> Html:
    """A change in its colour, with the word for what the colour says."""
    if change.direction == "missing":
        return Html("")
    judged = JUDGEMENTS.get(change.judgement)
    told = f" · {voice.say(judged)}" if judged and word else ""
    return tag("span", change.text, told, cls=change.judgement)


def value_html(voice: Voice, value: MetricValue) -> Html:
    """A value with its interval below; the exact figure, or the reason for a gap, on hover."""
    shown = voice.shown(value)
    if value.value is None:
        return tag("span", shown.text, cls="missing", title=shown.reason)
    return join(
        tag("span", shown.text, title=shown.exact), tag("span", shown.interval, cls="sub") if shown.interval else None
    )


def marks_in_words(voice: Voice, value: MetricValue) -> list[str]:
    """What must be known before a value is believed, in words."""
    return [voice.say(mark.why) for mark in marks_of(value.settings.get("marks", ()))]


def basis_of(span: Span) -> Text:
    """What a span's comparison with the one before is called."""
    return AGAINST_LATEST if span.name == "latest" else YEAR_BEFORE if span.name == "year" else BEFORE


def main_change(voice: Voice, reading: Reading, better: Better) -> numbers.Change:
    """The change of a reading against the period before it."""
    return voice.change(reading.value, reading.before, better, basis_of(reading.span))


def group_name(voice: Voice, name: object) -> str:
    """A group of a dimension as the data name it."""
    return voice.say(UNKNOWN_GROUP) if name in (None, "unknown", "") else str(name)
