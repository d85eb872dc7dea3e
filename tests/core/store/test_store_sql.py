"""The same statements are made for PostgreSQL."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateIndex, CreateTable

from adapter.store import claims, statements, tables

DIALECT = postgresql.dialect()


def sql(executable: sa.Executable) -> str:
    return str(executable.compile(dialect=DIALECT))


def test_puts_are_safe_to_repeat() -> None:
    built = statements.build("postgresql")
    assert "ON CONFLICT (id) DO UPDATE" in built["put_recording"][0].text
    assert "ON CONFLICT DO NOTHING" in built["put_callback"][0].text


def test_adapters_do_not_wait_for_each_others_claims() -> None:
    assert "FOR UPDATE SKIP LOCKED" in sql(claims._take_statement("postgresql"))


def test_tables_compile_for_postgresql() -> None:
    for table in tables.metadata.sorted_tables:
        assert str(CreateTable(table).compile(dialect=DIALECT))
        for index in table.indexes:
            assert str(CreateIndex(index).compile(dialect=DIALECT))
