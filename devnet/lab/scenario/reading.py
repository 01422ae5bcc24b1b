"""A scenario from its TOML file, or a refusal that says where and what would do."""

import tomllib
from difflib import get_close_matches
from pathlib import Path

from devnet.config import MAX_POWER, MAX_VALIDATORS
from devnet.consensus.agreement import locate_rule, parse_agreement
from devnet.errors import ConfigError
from devnet.lab.scenario.consistency import check_scenario
from devnet.lab.scenario.network import read_network
from devnet.lab.scenario.scenario import Expectation, ModelFile, Outcome, Scenario
from devnet.lab.scenario.table import Table, index_names, read_groups
from devnet.validators.misbehaviour import HONEST, Behavior, parse_behavior
from precompiles.models.samples import list_samples

MAX_HEIGHTS = 100_000
_SHIPPED = Path(__file__).parent.parent / "scenarios"


def list_shipped() -> tuple[str, ...]:
    """Names of the scenarios that come with the package."""
    return tuple(sorted(file.stem for file in _SHIPPED.glob("*.toml")))


def find_scenario(name: str) -> Path:
    """A file, or one of those that come with the package.

    Raises: ConfigError with near matches.
    """
    file = Path(name)
    if file.is_file():
        return file
    if name in list_shipped():
        return _SHIPPED / f"{name}.toml"
    near = get_close_matches(name, list_shipped(), n=1)
    hint = f"did you mean '{near[0]}'?" if near else f"shipped are {', '.join(list_shipped())}"
    raise ConfigError(f"no scenario file '{name}'; {hint}")


def load_scenario(file: Path) -> Scenario:
    """Read a file. Raises: ConfigError."""
    try:
        values = tomllib.loads(file.read_text())
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as broken:
        raise ConfigError(f"{file.name}: {broken}") from None
    return read_scenario(Table(values, file.name), file.parent)


def read_scenario(table: Table, folder: Path) -> Scenario:
    """Read a table; files of models are relative to `folder`. Raises: ConfigError."""
    powers = _read_powers(table)
    names = [f"v{index}" for index in range(len(powers))]
    rule = table.take("rule", str, "exact")
    agreement = locate_rule(rule, folder)
    parse_agreement(agreement)
    scenario = Scenario(
        title=table.take("title", str, ""),
        powers=powers,
        heights=table.take_number("heights", 10, 1, MAX_HEIGHTS),
        seed=table.take_number("seed", 0, 0, 2**63 - 1),
        limit_s=table.take_number("limit_s", 60, 1, 10**6),
        behaviors=_read_faults(table, names),
        twins=_read_names(table, "twins", names),
        colluders=_read_names(table, "colluders", names),
        sides=read_groups(table, "sides", names),
        network=read_network(table, names),
        models=_read_models(table, folder),
        calls=table.take_number("calls", 1, 1, 100),
        rule=rule,
        agreement=agreement,
        expect=_read_expectation(table, names),
    )
    table.close()
    check_scenario(scenario, table.where)
    return scenario


def _read_powers(table: Table) -> tuple[int, ...]:
    powers = table.take_list("powers", int)
    count = table.take_number("validators", len(powers or (1,) * 4), 1, MAX_VALIDATORS)
    powers = powers or (1,) * count
    if len(powers) != count or not sum(powers) or not all(0 <= p <= MAX_POWER for p in powers):
        raise ConfigError(
            f"{table.where}: powers are {list(powers)}; give one for each of {count} validators, "
            f"0 to {MAX_POWER}, not all 0"
        )
    return powers


def _read_faults(table: Table, names: list[str]) -> dict[int, Behavior]:
    faults = Table(table.take("faults", dict, {}), f"{table.where}, faults")
    behaviors = {}
    for index, name in enumerate(names):
        try:
            behavior = parse_behavior(faults.take(name, str, str(HONEST)))
        except ConfigError as refused:
            raise ConfigError(f"{faults.where}, {name}: {refused}") from None
        if behavior != HONEST:
            behaviors[index] = behavior
    faults.close()
    return behaviors


def _read_models(table: Table, folder: Path) -> tuple[ModelFile, ...]:
    models = []
    for position, values in enumerate(table.take_list("model", dict) or ()):
        model = Table(values, f"{table.where}, model {position}")
        sample, file = model.take("sample", str, ""), model.take("file", str, "")
        profile = model.take("profile", str, "")
        model.close()
        if bool(sample) == bool(file):
            raise ConfigError(f"{model.where}: give either sample or file")
        if sample and sample not in list_samples():
            near = get_close_matches(sample, list_samples(), n=1) or list(list_samples())
            raise ConfigError(f"{model.where}: no sample '{sample}'; did you mean {near[0]}?")
        if file and not (folder / file).is_file():
            raise ConfigError(f"{model.where}: there is no file {file}")
        if profile not in ("", "pinned"):
            raise ConfigError(
                f"{model.where}: profile is '{profile}'; use 'pinned' or leave it out"
            )
        models.append(ModelFile(sample or file, folder / file if file else None, bool(profile)))
    return tuple(models)


def _read_expectation(table: Table, names: list[str]) -> Expectation:
    expect = Table(table.take("expect", dict, {}), f"{table.where}, expect")
    outcome = expect.take("outcome", str, Outcome.DECIDED.value)
    known = [one.value for one in Outcome]
    if outcome not in known:
        raise ConfigError(f"{expect.where}: no outcome '{outcome}'; there are {', '.join(known)}")
    read = Expectation(
        outcome=Outcome(outcome),
        disagree=_find_names(expect, "disagree", names),
        culprits=_find_names(expect, "culprits", names),
        excluded=_find_names(expect, "excluded", names) or (),
        says=expect.take_list("says", str) or (),
    )
    expect.close()
    return read


def _find_names(table: Table, key: str, names: list[str]) -> tuple[str, ...] | None:
    given = table.take_list(key, str)
    if given is not None:
        index_names(table, key, given, names)
    return None if given is None else tuple(sorted(given))


def _read_names(table: Table, key: str, names: list[str]) -> tuple[int, ...]:
    return index_names(table, key, table.take_list(key, str) or (), names)
