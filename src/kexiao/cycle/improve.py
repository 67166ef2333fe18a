"""Improve: what moved and where it came from, which remedies fit, which initiatives run, and which are overdue; and writing down a new one."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from kexiao.cycle.review import kept_verdicts
from kexiao.effect.verdicts import Outcome
from kexiao.engine.folder import Folder
from kexiao.engine.posix import write_durably
from kexiao.errors import WrongUse, unknown_name
from kexiao.facts.periods import Period, parse, period_holding
from kexiao.facts.source import FactSource, open_facts
from kexiao.facts.units import UNKNOWN
from kexiao.improvement.breaking import NEWNESS
from kexiao.improvement.findings import Finding
from kexiao.improvement.initiatives import Improvement, Initiative, Overdue, Scope, Suggestion
from kexiao.improvement.playbook import PLAYBOOK, Remedy
from kexiao.improvement.reading import read_initiatives, write_initiative
from kexiao.improvement.searching import find
from kexiao.metrics.catalogue import in_its_catalogue
from kexiao.text import Text

FOLDER = "findings"
_SUGGESTED = 2


@in_its_catalogue
def improve(
    folder: Folder,
    period: str | None = None,
    against: str | None = None,
    *,
    as_of: str | None = None,
    today: date | None = None,
) -> Improvement:
    """Findings of a period (the last complete quarter unless named) against the one before and the same a year before, or against one period named.

    Findings over the newest data are written to ``findings/<period>.json``. Errors: ``WrongUse`` for what is no period, ``InputRejected`` for an initiative that
    cannot be read.
    """
    source = open_facts(folder, as_of=as_of)
    now = parse(period, folder.fiscal_year_start) if period else last_complete_quarter(source)
    others = [parse(against, folder.fiscal_year_start)] if against else [now.before(), now.year_before()]
    findings = find(source, now, others)
    initiatives = read_initiatives(folder.root)
    found = Improvement(
        period=now.name,
        against=tuple(other.name for other in others),
        findings=findings,
        suggestions=_suggestions(findings, _past(folder, initiatives)),
        initiatives=initiatives,
        overdue=_overdue(initiatives, today or date.today()),
        notes=(_NOTE,),
        snapshot=source.snapshot,
    )
    if as_of is None:
        content = json.dumps(
            [f.record() for f in findings], ensure_ascii=False, indent=1, sort_keys=True, allow_nan=False
        )
        write_durably(folder.root / FOLDER / f"{now.name}.json", content.encode())
    return found


def last_complete_quarter(source: FactSource) -> Period:
    """The last quarter that the orders cover to its end. Errors: ``WrongUse`` where they cover none."""
    orders = source.coverage.get("orders")
    if orders is not None:
        end = min(orders.last + timedelta(days=1), source.now)
        quarter = period_holding(end, "quarter", source.fiscal_start).before()
        if quarter.start >= orders.first:
            return quarter
    raise WrongUse(
        Text(zh="数据还没有覆盖一个完整的季度。", en="The data do not cover a whole quarter yet."),
        next_step=Text(zh="用 --period 指定期间。", en="Name a period with --period."),
    )


def _past(folder: Folder, initiatives: Sequence[Initiative]) -> dict[str, dict[str, Outcome]]:
    """Per remedy, the verdicts of this company's own initiatives with it."""
    outcomes = {verdict.initiative: verdict.outcome for verdict in kept_verdicts(folder.root)}
    found: dict[str, dict[str, Outcome]] = {}
    for initiative in initiatives:
        if initiative.remedy and initiative.id in outcomes:
            found.setdefault(initiative.remedy, {})[initiative.id] = outcomes[initiative.id]
    return found


def _suggestions(findings: Sequence[Finding], past: Mapping[str, Mapping[str, Outcome]]) -> tuple[Suggestion, ...]:
    """The fitting remedies of each unwelcome finding; those that did not work here before come last."""
    found = []
    for finding in findings:
        if finding.good is not False or finding.seasonal:
            continue
        order = sorted(finding.remedies, key=lambda name: "did_not" in past.get(name, {}).values())
        found += [_suggestion(finding, name, PLAYBOOK[name], past.get(name, {})) for name in order[:_SUGGESTED]]
    return tuple(found)


def _suggestion(finding: Finding, name: str, remedy: Remedy, past: Mapping[str, Outcome]) -> Suggestion:
    return Suggestion(
        finding.id, name, remedy.name, remedy.mechanism, finding.metric, _where(finding), remedy.check, dict(past)
    )


def _where(finding: Finding) -> Scope:
    """Where a remedy would apply: the declining segment, or the one that leads the change."""
    if finding.trend is not None:
        return {finding.trend.dimension: (finding.trend.segment,)}
    # Where a customer stands is no place to do something; and where the mix turned everything round, no single segment is the cause.
    first = next((one for one in finding.breakdowns if one.dimension != NEWNESS), None)
    if first is None or first.explained <= 0 or first.simpson:
        return {}
    lead = next(c for c in first.contributions if (c.share or 0.0) > 0)
    return {} if lead.segment == UNKNOWN else {first.dimension: (lead.segment,)}


def _overdue(initiatives: Sequence[Initiative], today: date) -> tuple[Overdue, ...]:
    found = []
    for plan in initiatives:
        if plan.overdue(today):
            days = (today - plan.deadline).days
            words = Text(
                zh="“{n}”（{o}）已超期 {d} 天，截止日 {x}。",
                en="“{n}” ({o}) is {d} days overdue; the deadline was {x}.",
            )
            filled = words.fill(n=plan.name, o=plan.owner, d=days, x=plan.deadline)
            found.append(Overdue(plan.id, plan.name, plan.owner, plan.deadline, days, filled))
    return tuple(sorted(found, key=lambda late: -late.days))


def plan(
    folder: Folder,
    finding: str,
    *,
    owner: str,
    deadline: date,
    expected: float,
    period: str | None = None,
    remedy: str | None = None,
    start: date | None = None,
) -> Initiative:
    """Write a new initiative that answers a finding, with the remedy that fits best unless one is named; compared with every other value of its dimension.

    Errors: ``WrongUse`` for a finding that is not there, a remedy unknown to the playbook, or a file that exists.
    """
    improvement = improve(folder, period)
    answered = next((found for found in improvement.findings if found.id == finding), None)
    if answered is None:
        raise unknown_name(Text(zh="发现", en="finding"), finding, [found.id for found in improvement.findings])
    name = remedy or next(iter(answered.remedies), None)
    if name is None or name not in PLAYBOOK:
        raise unknown_name(Text(zh="措施", en="remedy"), name or "—", list(PLAYBOOK))
    scope = _where(answered)
    begin = start or date.today()
    made = Initiative(
        id=f"{name}_{answered.id}_{begin:%Y%m%d}",
        name=_named(PLAYBOOK[name].name, scope),
        owner=owner,
        metric=answered.metric,
        start=begin,
        deadline=deadline,
        scope=scope,
        campaign=None,
        comparison="auto" if scope else None,
        expected=expected,
        expected_unit="relative",
        status="planned",
        finding=answered.id,
        remedy=name,
    )
    if deadline < begin:
        raise WrongUse(
            Text(zh="截止日早于开始日。", en="The deadline is before the start."),
            next_step=Text(zh="改 --deadline 或 --start。", en="Change --deadline or --start."),
        )
    write_initiative(folder.root, made)
    return made


def _named(remedy: Text, scope: Scope) -> Text:
    if not scope:
        return remedy
    where = ", ".join(value for values in scope.values() for value in values)
    return Text(zh="{w}：{r}", en="{w}: {r}").fill(w=where, r=remedy)


_NOTE = Text(
    zh="“超出随机波动”按 Benjamini–Hochberg 控制，被列出的发现中约 5 % 可能是偶然；拆分的各部分严格相加等于总变化。",
    en="“Beyond chance” is held by Benjamini–Hochberg: about 5 % of what is listed may be chance; the parts of a split add up to the change exactly.",
)
