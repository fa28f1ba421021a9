"""Statements of the chemistry of a period: keys of the catalogues with figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.chemistry.regime import Regime, VocBasis
from schemas.reason import ReasonData
from schemas.statement import Confidence, Statement

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analysis.chemistry.particle_summary import MassFinding, ParticleChemistry
    from analysis.chemistry.period_figure import PeriodFigure
    from analysis.chemistry.period_summary import ChemistrySummary
    from analysis.chemistry.regime import RegimeFinding
    from analysis.chemistry.secondary_carbon import SeasonCarbon
    from analysis.chemistry.voc_summary import AgeFinding, VocChemistry
    from schemas.reason import Figure

_WELL_COVERED = 0.75
_LARGEST = 3


def chemistry_statements(found: ChemistrySummary) -> tuple[Statement, ...]:
    """Sentences of a summary: VOC, then particles.

    Parameters
    ----------
    found : ChemistrySummary

    Returns
    -------
    tuple of Statement
        Topic ``chemistry``. Confidence: none without a value, low without an interval or where assumptions that are not verified
        decide (age, regime, SOA), medium with an interval, high if also three quarters of the hours have a value.
    """
    voc = () if found.voc is None else tuple(_voc(found.voc))
    particle = () if found.particle is None else tuple(_particle(found.particle))
    return (*voc, *particle) or (_said("nothing", Confidence.NONE, hours=found.hours),)


def _voc(found: VocChemistry) -> Iterator[Statement]:
    largest = [item for item in found.reactivity.species if item.ofp_ug_m3 is not None][:_LARGEST]
    yield _said(
        "ofp",
        _confidence(found.ofp),
        *_no_interval(found.ofp),
        *(
            _detail("missing", species=",".join(item.species), constant=item.constant, share=item.mass_share)
            for item in found.missing
        ),
        species=",".join(item.parameter for item in largest),
        share=sum(item.ofp_share or 0.0 for item in largest),
        loh=found.loh.value,
        **_figures(found.ofp),
    )
    soa = found.soa.species[:_LARGEST]
    yield _said(
        "soa",
        Confidence.LOW,
        by_yield=found.soa.by_yield_ug_m3,
        by_soap=found.soa.by_soap_ug_m3,
        species=",".join(item.parameter for item in soa if item.by_yield_ug_m3),
    )
    yield from _ages(found)
    yield from (_regime(item) for item in found.regimes if item.ratio.n)


def _ages(found: VocChemistry) -> Iterator[Statement]:
    known = [item for item in found.ages if item.age.value is not None]
    for item in known:
        yield _age(item, _differ(known) and item is known[-1])
    first = found.initial
    if known and first.initial_ug_m3 is not None:
        yield _said(
            "initial", Confidence.LOW, initial=first.initial_ug_m3, measured=first.measured_ug_m3, species=len(first.species)
        )  # fmt: skip


def _age(item: AgeFinding, is_different: bool) -> Statement:  # noqa: FBT001
    others = list(item.by_percentile.values()) or [float("nan")]
    details = [_detail("ages_differ")] if is_different else []
    return _said(
        "age",
        Confidence.LOW,
        *_no_interval(item.age),
        _detail("emission", ratio=item.emission.ratio, percentile=item.emission.percentile, n=item.emission.n,
                least=min(others), most=max(others)),
        *details,
        pair=item.pair.replace("/", ","),
        oh=item.oh_molecule_cm3 / 1e6,
        negative=item.negative_n,
        **_figures(item.age),
    )  # fmt: skip


def _differ(known: list[AgeFinding]) -> bool:
    """Whether the intervals of the ages do not overlap."""
    ends = [(item.age.low, item.age.high) for item in known]
    lows, highs = [low for low, _ in ends if low is not None], [high for _, high in ends if high is not None]
    return len(lows) > 1 and max(lows) > min(highs)


def _regime(item: RegimeFinding) -> Statement:
    limits = item.threshold
    bound = (_detail("lower_bound", species=item.species),) if item.basis is VocBasis.LOWER_BOUND else ()
    return _said(
        f"regime_{item.regime}",
        Confidence.NONE if item.regime is Regime.UNKNOWN else Confidence.LOW,
        *_no_interval(item.ratio),
        *bound,
        indicator=item.indicator,
        voc_limit=_range(limits.voc_limited_below),
        nox_limit=_range(limits.nox_limited_above),
        **_figures(item.ratio),
    )


def _range(ends: tuple[float, float]) -> str:
    return f"{ends[0]:g}" if ends[0] == ends[1] else f"{ends[0]:g}–{ends[1]:g}"


def _particle(found: ParticleChemistry) -> Iterator[Statement]:
    for name, figure in (("sor", found.sor), ("nor", found.nor)):
        if figure.n:
            yield _said(name, _confidence(figure), *_no_interval(figure), **_figures(figure))
    yield from (_carbon(item) for item in found.carbon)
    if found.mass.closure.n:
        yield _mass(found.mass)
    if found.neutralisation.n:
        balance = found.ion_ratio
        yield _said(
            f"ammonium_{found.ammonium}",
            _confidence(found.neutralisation),
            *_no_interval(found.neutralisation),
            _detail("ions", **_figures(balance)),
            **_figures(found.neutralisation),
        )
    if found.nitrate_sulfate.n:
        figure = found.nitrate_sulfate
        yield _said("nitrate_sulfate", _confidence(figure), *_no_interval(figure), **_figures(figure))


def _carbon(item: SeasonCarbon) -> Statement:
    shares = [
        part.share.value for part in item.by_percentile if part.share is not None and part.share.value is not None
    ]
    other = [_detail("soc_sensitivity", least=min(shares), most=max(shares))] if shares else []
    if item.mrs.share is None:
        return _said("soc_rejected", Confidence.NONE, *other, season=item.season, hours=item.hours)
    low, high = item.mrs.ratio_low, item.mrs.ratio_high
    ratio = "soc_ratio_alone" if low is None or high is None else "soc_ratio"
    return _said(
        "soc",
        _confidence(item.mrs.share),
        *_no_interval(item.mrs.share),
        _detail(ratio, ratio=item.mrs.primary.primary_ratio, low=low, high=high),
        *other,
        season=item.season,
        negative=item.mrs.negative_n,
        mean=None if item.mrs.mean is None else item.mrs.mean.value,
        **_figures(item.mrs.share),
    )


def _mass(found: MassFinding) -> Statement:
    missing = [_detail("mass_missing", species=",".join(found.missing))] if found.missing else []
    return _said(
        f"mass_{found.grade}", _confidence(found.closure), *_no_interval(found.closure), *missing, **_figures(found.closure)
    )  # fmt: skip


def _figures(figure: PeriodFigure) -> dict[str, Figure | None]:
    return {"value": figure.value, "low": figure.low, "high": figure.high, "n": figure.n, "coverage": figure.coverage}


def _no_interval(figure: PeriodFigure) -> tuple[ReasonData, ...]:
    return () if figure.low is not None else (_detail("no_interval", days=figure.days),)


def _confidence(figure: PeriodFigure) -> Confidence:
    if figure.value is None:
        return Confidence.NONE
    if figure.low is None:
        return Confidence.LOW
    return Confidence.HIGH if figure.coverage >= _WELL_COVERED else Confidence.MEDIUM


def _detail(kind: str, /, **figures: Figure | None) -> ReasonData:
    return ReasonData(f"coanalysis.chemistry.{kind}", figures)


def _said(kind: str, confidence: Confidence, /, *details: ReasonData, **figures: Figure | None) -> Statement:
    return Statement(
        topic="chemistry", key=f"coanalysis.chemistry.{kind}", figures=figures, confidence=confidence, details=details
    )
