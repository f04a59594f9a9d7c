"""The columns of usage are declared once."""

import re

import pytest

from service.usage.rows import TABLES, Column, ColumnType, SessionRow, StreamRow, Table
from tests.conftest import PROJECT


@pytest.mark.parametrize("table", TABLES.values(), ids=lambda table: table.name)
def test_the_documentation_lists_the_columns_in_order(table: Table) -> None:
    text = (PROJECT / "docs" / "usage.md").read_text().partition(f"\n`{table.name}` has one row")[2]
    listed = re.search(r"\| Column \| Meaning \|\n\| --- \| --- \|\n((?:\|.*\n)+)", text)
    assert listed
    names = [name for row in listed[1].splitlines() for name in re.findall(r"`(\w+)`", row.split("|")[1])]
    assert names == [column.name for column in table.columns]


def test_types_and_nullability_are_those_of_the_fields() -> None:
    streams, sessions = TABLES[StreamRow], TABLES[SessionRow]
    assert streams.columns[0] == Column("row_id", ColumnType.UUID, nullable=False)
    assert Column("started_at", ColumnType.TIME, nullable=True) in streams.columns
    assert sessions.names == "session_id, incarnation, began_at, ends_at"
