"""A subsidy in words 贴息说明: every stretch of days with its formula, so that each fen can be worked out again by hand."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from domain.money import yuan
from domain.subsidy.calculating import Bears, subsidised_rate
from domain.subsidy.days import Cause, Span
from domain.subsidy.lines import SubsidyLine

WHY: Mapping[Cause, tuple[str, str]] = {
    "misuse": ("自挪用之日起不予贴息（R-SUB-14）", "misused: nothing from that day on (R-SUB-14)"),
    "extension": ("展期期间不予贴息（R-SUB-4）", "an extension is not subsidised (R-SUB-4)"),
    "closed": ("停业后不予贴息", "the business has ended"),
    "died": ("借款人身故，自下一结息期起不予贴息", "the borrower died: nothing after that quarter"),
    "stopped": ("经核查停止贴息（R-SUB-14）", "stopped by a finding (R-SUB-14)"),
    "overdue": ("逾期期间不予贴息（R-SUB-4）", "overdue days are not subsidised (R-SUB-4)"),
}


def explained(span: Span, formula: Bears, lpr: Decimal) -> dict[str, Any]:
    """One stretch as page data: its first and last day, its figures, and its formula in Chinese and English."""
    stretch, last = span.stretch, span.stretch.until - timedelta(days=1)
    rate = Fraction(0) if span.cause else subsidised_rate(formula, stretch.annual_rate, lpr)
    part = sum((Fraction(*part) for part in stretch.year_parts), Fraction(0))
    interest = stretch.principal * part * Fraction(stretch.annual_rate)
    borne = stretch.principal * part * rate
    shares = " + ".join(f"{over}/{under}" for over, under in stretch.year_parts)
    worked = f"{yuan(stretch.principal)} × {_percent(Fraction(stretch.annual_rate))} × {_bracketed(shares)} = {_exact(interest)}"
    bears = f"{yuan(stretch.principal)} × {_percent(rate)} × {_bracketed(shares)} = {_exact(borne)}"
    why_zh, why_en = WHY[span.cause] if span.cause else (_rule(formula, lpr, zh=True), _rule(formula, lpr, zh=False))
    days = (stretch.until - stretch.first).days
    return {
        "from": stretch.first.isoformat(),
        "to": last.isoformat(),
        "days": days,
        "year": span.year,
        "principal": yuan(stretch.principal),
        "rate": str(stretch.annual_rate),
        "cause": span.cause,
        "zh": f"{stretch.first} 至 {last}（{days} 天）：利息 {worked}；{why_zh}，贴息 {bears}",
        "en": f"{stretch.first} to {last} ({days} day{'s' if days > 1 else ''}): interest {worked}; {why_en}: subsidy {bears}",
    }


_LEVELS: Mapping[str, str] = {
    "central": "中央",
    "province": "省级",
    "city": "市级",
    "county": "县级",
    "incentive": "奖补",
}


def told_of(line: SubsidyLine) -> dict[str, Any]:
    """A line of a batch as page data: every stretch, what they come to rounded once to the fen, what was told before, and which level bears what."""
    days, barred = line.days
    levels = {one.level: yuan(one.fen) for one in line.levels}
    local, added = line.local_fen, line.amount_fen
    zh = f"补贴 {days} 天、不补贴 {barred} 天：利息 {yuan(line.interest_fen)}，财政承担 {yuan(line.subsidy_fen)}（四舍五入到分），借款人承担 {yuan(line.interest_fen - line.subsidy_fen)}；"
    en = (
        f"{days} days subsidised, {barred} not: interest {yuan(line.interest_fen)}, the budget bears {yuan(line.subsidy_fen)} (rounded once, half a fen up),"
        f" the borrower {yuan(line.interest_fen - line.subsidy_fen)}; "
    )
    if line.before_fen:
        zh += f"此前批次已计 {yuan(line.before_fen)}，本次 {yuan(added)}；"
        en += f"earlier batches told of {yuan(line.before_fen)}, this one of {yuan(added)}; "
    if local:
        applied = line.applied
        zh += f"其中超出国家规定（额度内 {applied.within}，各年共担 {'、'.join(applied.shared)}）由地方承担 {yuan(local)}；"
        en += f"of it {yuan(local)} is beyond the national rule (within the limit {applied.within}, shared by year {', '.join(applied.shared)}), the local budget's alone; "
    return {
        "loan_no": line.loan_no,
        "county": line.county,
        "quarter": line.quarter,
        "regime": line.applied.regime,
        "rule": line.applied.rule,
        "interest": yuan(line.interest_fen),
        "subsidy": yuan(line.subsidy_fen),
        "borrower": yuan(line.interest_fen - line.subsidy_fen),
        "before": yuan(line.before_fen),
        "amount": yuan(added),
        "shared": yuan(line.shared_fen),
        "local": yuan(local),
        "levels": levels,
        "lines": [explained(one.span, line.applied, line.applied.lpr) for one in line.trace],
        "zh": zh + "、".join(f"{_LEVELS[level]} {fen}" for level, fen in levels.items()),
        "en": en + ", ".join(f"{level} {fen}" for level, fen in levels.items()),
    }


def _rule(formula: Bears, lpr: Decimal, *, zh: bool) -> str:
    match formula.of:
        case "rate":
            return (
                f"财政承担合同利率的 {formula.percent}%" if zh else f"the budget bears {formula.percent} % of the rate"
            )
        case "lpr":
            at = _percent(Fraction(lpr))
            return (
                f"财政承担 LPR（{at}）的 {formula.percent}%"
                if zh
                else f"the budget bears {formula.percent} % of the LPR, {at}"
            )
        case "above":
            own = _percent(Fraction(lpr) + Fraction(formula.margin_bp, 10_000))
            return (
                f"借款人承担 LPR{formula.margin_bp:+d}BP（{own}）"
                if zh
                else f"the borrower bears the LPR {formula.margin_bp:+d} bp, {own}"
            )


def _percent(rate: Fraction) -> str:
    return f"{_plain(rate * 100)}%"


def _bracketed(shares: str) -> str:
    return f"({shares})" if "+" in shares else shares


def _exact(fen: Fraction) -> str:
    """In yuan with every decimal there is, six of them at most and then marked as cut off."""
    return _plain(fen / 100, least=2)


def _plain(value: Fraction, least: int = 0) -> str:
    scaled = value * 10**6
    digits = f"{int(scaled):07d}"
    decimals = digits[-6:].rstrip("0").ljust(least, "0")
    return f"{digits[:-6]}{'.' + decimals if decimals else ''}{'' if scaled.denominator == 1 else '…'}"
