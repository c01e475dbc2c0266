"""Fills a store with many sessions, without asking the node for each."""

import contextlib
import sqlite3

from .failure import Failure


def _quoted(name):
    return '"' + name.replace('"', '""') + '"'


def _columns(store, table):
    """All that can be given; a number that SQLite itself chooses is left to it."""
    info = store.execute(f"PRAGMA table_info({_quoted(table)})").fetchall()
    keys = [column for column in info if column[5]]
    own = [c[1] for c in keys if len(keys) == 1 and c[2].upper() == "INTEGER"]
    return [column[1] for column in info if column[1] not in own]


def _tables(store):
    return [name for (name,) in store.execute(
        "SELECT name FROM sqlite_master WHERE type='table' AND name NOT LIKE 'sqlite\\_%' "
        "ESCAPE '\\' AND sql NOT LIKE 'CREATE VIRTUAL%'")]


def ids_like(session, count):
    """Ids of the same form, the last twelve digits counted."""
    return [f"{session[:-12]}{i:012x}" for i in range(count)]


def multiply(file, session, count):
    """Writes `count` copies of a session that the node itself made and has let go; their ids.

    Which tables belong to it is read from the file: those that have rows with its id in some
    column. Every other column keeps what the node wrote, so that no schema is known here."""
    made = ids_like(session, count)
    rows = 0
    try:
        with contextlib.closing(sqlite3.connect(file)) as store, store:
            for table in _tables(store):
                names = _columns(store, table)
                listed = ", ".join(map(_quoted, names))
                having = " OR ".join(f"{_quoted(name)} = :id" for name in names)
                found = store.execute(f"SELECT {listed} FROM {_quoted(table)} WHERE {having}",
                                      {"id": session}).fetchall()
                marks = ", ".join("?" * len(names))
                store.executemany(
                    f"INSERT INTO {_quoted(table)} ({listed}) VALUES ({marks})",
                    ([id_ if value == session else value for value in row]
                     for id_ in made for row in found))
                rows += len(found)
        with contextlib.closing(sqlite3.connect(file)) as store:
            store.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    except sqlite3.Error as e:
        raise Failure(f"{file} cannot be filled: {e}") from e
    if rows == 0:
        raise Failure(f"{file} has no session {session}")
    return made
