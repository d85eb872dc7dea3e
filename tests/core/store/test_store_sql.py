"""The same statements are made for PostgreSQL."""

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateIndex, CreateTable

from adapter.store import claims, statements, tables

DIALECT = postgresql.dialect()


@pytest.mark.parametrize("name", statements.build("postgresql"))
def test_writes_compile_for_postgresql(name: str) -> None:
    for statement in statements.build("postgresql")[name]:
        assert str(statement.sql.compile(dialect=DIALECT))


def sql(executable: sa.Executable) -> str:
    return str(executable.compile(dialect=DIALECT))


def test_puts_are_safe_to_repeat() -> None:
    built = statements.build("postgresql")
    assert "ON CONFLICT (id) DO UPDATE" in sql(built["put_recording"][0].sql)
    assert "ON CONFLICT DO NOTHING" in sql(built["put_callback"][0].sql)


def test_adapters_do_not_wait_for_each_others_claims() -> None:
    assert "FOR UPDATE SKIP LOCKED" in sql(claims._take_statement("postgresql"))


def test_tables_compile_for_postgresql() -> None:
    for table in tables.metadata.sorted_tables:
        assert str(CreateTable(table).compile(dialect=DIALECT))
        for index in table.indexes:
            assert str(CreateIndex(index).compile(dialect=DIALECT))
