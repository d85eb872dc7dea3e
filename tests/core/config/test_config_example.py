"""The example file has every setting, and as it stands it is the defaults."""

import re

import yaml
from pydantic import BaseModel

from adapter.config import Settings, SettingsError
from adapter.config.load import group_in


def fields_of(model, prefix=""):
    for name, field in model.model_fields.items():
        yield prefix + name
        group = group_in(field.annotation)
        if group is not None:
            yield from fields_of(group, f"{prefix}{name}.")


def keys_of(value, prefix=""):
    if isinstance(value, list):
        for item in value:
            yield from keys_of(item, prefix)
    elif isinstance(value, dict):
        for key, below in value.items():
            yield prefix + key
            yield from keys_of(below, f"{prefix}{key}.")


def uncommented(example):
    """The example with the lines that have no default."""
    text = re.sub(r"^#(?=\S|  )", "", example.read_text(), flags=re.MULTILINE)
    return yaml.safe_load(re.sub(r": \[\]\n(?=  - )", ":\n", text))


def test_as_it_stands_it_is_the_defaults(example):
    assert Settings.load(example, {}, {}) == Settings.load(None, {}, {})


def test_it_has_every_setting(example):
    assert set(keys_of(uncommented(example))) == set(fields_of(Settings))


def test_all_its_lines_are_valid(example):
    try:
        Settings.load(None, uncommented(example), {})
    except SettingsError as error:
        missing = {"fallback", "routes[0].fallback", "routes[1].swml", "routes[2].folder"}
        missing |= {"tls_cert", "tls_key", "documents.folder"}
        assert {fault.setting for fault in error.faults} <= missing  # noqa: PT017


def test_every_setting_is_described():
    def undescribed(model: type[BaseModel]):
        for name, field in model.model_fields.items():
            if not field.description:
                yield f"{model.__name__}.{name}"
            group = group_in(field.annotation)
            if group is not None:
                yield from undescribed(group)

    assert not list(undescribed(Settings))
