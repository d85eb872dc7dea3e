"""Ids of our own making."""

import time
from uuid import RFC_4122, UUID

from adapter.identity import new_id


def test_an_id_is_a_uuid_that_begins_with_its_time_as_python_writes_it() -> None:
    before = time.time_ns() // 1_000_000
    made = [new_id() for _ in range(200)]
    assert len(set(made)) == 200
    assert len({text[24:] for text in made}) == 200
    for text in made:
        known = UUID(text)
        assert (str(known), known.version, known.variant) == (text, 7, RFC_4122)
        assert before <= known.int >> 80 <= time.time_ns() // 1_000_000
