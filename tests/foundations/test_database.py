"""Files that survive a kill: all of a commit or nothing, and errors that say what to do."""

import sqlite3
from pathlib import Path

import pytest

from devnet.database import CHAIN_FILE, STATE_FILE, Database
from devnet.errors import StoreError

SCHEMA = "CREATE TABLE words (word TEXT PRIMARY KEY);"


def open_words(path: Path) -> Database:
    return Database(path, SCHEMA, survives_power_loss=True)


def read_words(database: Database) -> list[str]:
    return [word for (word,) in database.read("SELECT word FROM words ORDER BY word")]


def test_what_was_committed_is_there_again_and_nothing_else(tmp_path: Path) -> None:
    """A connection sees its own writes before that; another process only what was committed."""
    path = tmp_path / "deep" / "words.db"
    database = open_words(path)
    database.write("INSERT INTO words VALUES (?)", ("one",), ("two",))
    database.commit()
    database.commit()  # nothing to do
    database.write("INSERT INTO words VALUES (?)", ("three",))
    assert read_words(database) == ["one", "three", "two"]
    database.close()
    again = open_words(path)
    assert read_words(again) == ["one", "two"]
    again.close()


def test_after_a_failed_write_nothing_more_is_written(tmp_path: Path) -> None:
    """What is in memory may be ahead of the file then: only a new start brings them together."""
    database = open_words(tmp_path / "words.db")
    database.write("INSERT INTO words VALUES (?)", ("one",))
    with pytest.raises(StoreError, match=r"words.db is damaged \(UNIQUE constraint failed"):
        database.write("INSERT INTO words VALUES (?)", ("one",))
    with pytest.raises(StoreError, match=r"words.db is damaged \(UNIQUE constraint failed"):
        database.write("DELETE FROM words", ())
    with pytest.raises(StoreError, match=r"words.db is damaged \(UNIQUE constraint failed"):
        database.commit()
    database.close()


@pytest.mark.parametrize(
    ("name", "remedy"),
    [(STATE_FILE, "delete it, and its validator executes"), (CHAIN_FILE, "put back a copy")],
)
def test_a_damaged_file_is_named_with_the_remedy(tmp_path: Path, name: str, remedy: str) -> None:
    """Bytes that are no database, and a database that ends too early."""
    path = tmp_path / name
    path.write_bytes(b"no database" * 1000)
    with pytest.raises(StoreError, match=rf"{name} is damaged .*; {remedy}"):
        open_words(path)
    path.unlink()
    database = open_words(path)
    database.write_all("INSERT INTO words VALUES (?)", ((f"{n}" * 50,) for n in range(2_000)))
    database.commit()
    database.close()
    path.write_bytes(path.read_bytes()[:20_000])
    with pytest.raises(StoreError, match=rf"{name} is damaged .*; {remedy}"):
        read_words(open_words(path))


def test_files_of_other_programs_and_formats_are_refused(tmp_path: Path) -> None:
    """They are left as they are."""
    path = tmp_path / "words.db"
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE theirs (x)")
    with pytest.raises(StoreError, match="another program's"):
        open_words(path)
    assert list(tmp_path.iterdir()) == [path]
    path.unlink()
    open_words(path).close()
    with sqlite3.connect(path) as later:
        later.execute("PRAGMA user_version = 99")
    with pytest.raises(StoreError, match="has format 99, this version reads 4"):
        open_words(path)
    with pytest.raises(StoreError, match=r"cannot use .*check that it is there and may be written"):
        open_words(tmp_path)
