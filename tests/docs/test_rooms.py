"""READMEs of the rooms are true: they name every module and decision, and nothing else."""

import re
from fnmatch import fnmatch
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ("contracts", "precompiles", "devnet", "scripts")
FILES = tuple(
    path.relative_to(ROOT)
    for top in (*SOURCE, "tests")
    for path in sorted((ROOT / top).rglob("*"))
    if path.is_file() and "__pycache__" not in path.parts
)
READMES = tuple(path for path in FILES if path.name == "README.md")
OF_USERS = ("same_winner.py", "genesis.json")  # examples name files that their reader writes


def list_names(readme: Path) -> tuple[str, ...]:
    """What stands between backticks, word by word."""
    text = (ROOT / readme).read_text()
    return tuple(word for quoted in re.findall(r"`([^`\n]+)`", text) for word in quoted.split())


def is_named(module: Path) -> bool:
    """Whether the nearest README names a module, a pattern for it, or a folder that it is in."""
    folder = next(p for p in module.parents if p / "README.md" in READMES)
    path = module.relative_to(folder)
    folders = {f"{parent}/" for parent in path.parents}
    return any(
        fnmatch(str(path), name) or name == str(path.with_suffix("")) or name in folders
        for name in list_names(folder / "README.md")
    )


@pytest.mark.parametrize("top", SOURCE)
def test_every_module_stands_in_a_readme(top: str) -> None:
    """A newcomer finds what a file is for in the README of its room."""
    modules = [p for p in FILES if p.parts[0] == top and p.suffix == ".py"]
    assert [str(p) for p in modules if p.name != "__init__.py" and not is_named(p)] == []


@pytest.mark.parametrize("readme", READMES, ids=str)
def test_every_file_that_a_readme_names_is_there(readme: Path) -> None:
    """Nothing was renamed or deleted behind its back."""
    known = [f"/{path}" for path in FILES] + [f"/{path.name}" for path in ROOT.iterdir()]
    names = [name.removeprefix("../") for name in list_names(readme)]
    files = [name for name in names if re.fullmatch(r"[\w/.-]+\.(py|sol|md|toml|json)", name)]
    missing = [name for name in files if not any(path.endswith(f"/{name}") for path in known)]
    assert [name for name in missing if name not in OF_USERS] == []


def test_every_decision_is_in_the_index_under_its_title() -> None:
    """One line each, by number."""
    folder = Path("devnet/decisions")
    index = (ROOT / folder / "README.md").read_text()
    for page in sorted((ROOT / folder).glob("0*.md")):
        number, title = page.read_text().splitlines()[0].removeprefix("# ").split(" ", 1)
        assert page.name.startswith(f"{number}-"), page.name
        assert f"| [{number}]({page.name}) | {title} |" in index, page.name
