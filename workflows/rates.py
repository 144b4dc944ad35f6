"""By what right interest on late money is asked in a country: its law's rule joined with the rates that it stands on.

Reads what is shipped in `templates`, and under it the rates an installation keeps in a folder of its own, which come
first. It changes nothing and asks nobody.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from functools import cache, lru_cache
from pathlib import Path

from sqlalchemy import select

from core.interest import Terms, statutory
from core.law import Rule, Topic
from core.rates import RateError, Rates, parse_rates
from models import Company, MoneyRules
from workflows import law
from workflows.errors import Refusal
from workflows.runtime import Runtime

_HOME = Path(__file__).resolve().parent.parent / "templates" / "rates"


@cache
def shipped() -> dict[str, str]:
    """Every shipped table of rates, as text, by its code, which is a country's or EU."""
    return {file.stem: file.read_text(encoding="utf-8") for file in sorted(_HOME.glob("*.toml"))}


def terms_of(rt: Runtime, country: str) -> Terms:
    """What the law of a country lets a business charge another.

    Refusal where that is not known here, and where the installation's own rates cannot be used. Whether a half-year is
    there is seen only when it is asked for: `core.rates.RateError`.
    """
    rule = _rule(country)
    if rule is None:
        raise _unknown(country)
    return statutory(rule.name, rule.hundredths, rule.sums, _table(rt, rule.rates))


def gaps(rt: Runtime, country: str, currency: str, today: date) -> list[str]:
    """What somebody must know before interest is asked by the law of this country: one sentence each on what is not
    worked out here, on the rate of today, and on the money in which fixed sums hold.
    """
    rule = _rule(country)
    if rule is None:
        return [str(_unknown(country))]
    found = [rule.gap] if rule.gap else []
    try:
        table = _table(rt, rule.rates)
        rate = table.on(today)
    except (Refusal, RateError) as error:
        return [*found, str(error)]
    found.append(
        f"The rate of {table.name} from {rate.day}, {rate.hundredths / 100:.2f} percent, was noted on {rate.checked} "
        f"from: {rate.source}. Compare it with the bank's own page before you rest a claim on it."
    )
    if currency != table.currency:
        found.append(f"The law's fixed sum is in {table.currency}; on invoices in {currency} there is only interest.")
    return found


def complaints(rt: Runtime) -> Iterator[str]:
    """One sentence for each own file that cannot be used, and where a company charges by a statute whose rate of today
    or whose rule is not there.
    """
    for path in _own_files(rt):
        if path.stem not in shipped():
            *codes, last = shipped()
            yield f"{path} belongs to no table of rates; name it {', '.join(codes)} or {last}, or remove it."
    with rt.store.read() as session:
        charging = select(Company.caps, Company.country).join(MoneyRules, MoneyRules.company_id == Company.id)
        chosen = session.execute(charging.where(MoneyRules.late == "statutory").distinct()).all()
    rules = {country: _rule(country) for country in sorted({caps or country for caps, country in chosen})}
    yield from (str(_unknown(country)) for country, rule in rules.items() if rule is None)
    charged = {rule.rates for rule in rules.values() if rule}
    for code in sorted(charged | {path.stem for path in _own_files(rt)} & shipped().keys()):
        try:
            table = _table(rt, code)
            if code in charged:
                table.on(rt.clock.now().date())
        except (Refusal, RateError) as error:
            yield str(error)


def _unknown(country: str) -> Refusal:
    if not country:
        return Refusal("It is not known in which country the company is; choose its country under Law and limits.")
    name = law.presets()[country].name if country in law.presets() else country
    return Refusal(
        f"What the law of {name} lets a business charge for lateness is not known here; "
        "use the rate that your contracts name."
    )


def _rule(country: str) -> Rule | None:
    """The rule of this country that names its rates; the Union's own does not, for members may ask for more."""
    rules = law.of_country(country).rules
    return next((one for one in rules if one.topic is Topic.INTEREST and one.rates), None)


def _own_files(rt: Runtime) -> list[Path]:
    folder = rt.upkeep.own_rates
    return sorted(folder.glob("*.toml")) if folder else []


def _table(rt: Runtime, code: str) -> Rates:
    """The shipped table with the installation's own rates laid over it, read anew each time."""
    path = rt.upkeep.own_rates / f"{code}.toml" if rt.upkeep.own_rates else None
    try:
        own = path.read_text(encoding="utf-8") if path and path.exists() else ""
        return _parsed(code, own)
    except (OSError, UnicodeDecodeError) as error:
        raise Refusal(f"{path} cannot be read; mend it or remove it.") from error
    except RateError as error:
        raise Refusal(f"{error} Mend it in {path}, or remove that file.") from error


@lru_cache(maxsize=64)
def _parsed(code: str, own: str) -> Rates:
    return parse_rates(code, shipped()[code], own)
