"""Ids of our own making."""

from uuid import RFC_4122, UUID

from adapter.identity import new_id


def test_an_id_is_a_random_uuid_as_python_writes_it() -> None:
    made = [new_id() for _ in range(200)]
    assert len(set(made)) == 200
    for text in made:
        known = UUID(text)
        assert (str(known), known.version, known.variant) == (text, 4, RFC_4122)
