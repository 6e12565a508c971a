"""A fast check of a value against a JSON Schema, compiled into plain functions once.

A general validator spends most of its time on what a valid text doesn't need: places, paths, errors. This check only
returns whether there is an error; `schema`, which imports the library, is called only then. It implements the keywords
of JSON Schema that this project's schema uses; for a schema with any other keyword it returns False, and the library
decides.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

Schema = Mapping[str, Any]
Check = Callable[[Any], bool]


class Unread(Exception):
    """A word of JSON Schema that isn't read here."""


def has_form(value: Any, schema: Schema, part: str = "") -> bool:
    """Return whether a value is valid by the schema, or by one of its `definitions`. False also if this check can't
    decide."""
    try:
        return check_of(schema, part)(value)
    except Unread:
        return False


def check_of(schema: Schema, part: str = "") -> Check:
    """Return the function that checks a value by a schema. Raise Unread for a schema with an unknown keyword."""
    return _Maker(schema).definition(part) if part else _Maker(schema).check(schema)


class _Maker:
    def __init__(self, schema: Schema) -> None:
        self.definitions: Mapping[str, Schema] = schema.get("definitions", {})
        self.made: dict[str, Check] = {}

    def definition(self, name: str) -> Check:
        """A definition is made when it is first met; one that leads back to itself finds itself made."""
        if name not in self.made:
            self.made[name] = lambda value: self.made[name](value)
            self.made[name] = self.check(self.definitions[name])
        return self.made[name]

    def check(self, schema: Schema) -> Check:
        unread = (
            set(schema) - _SILENT - _JUDGES.keys() - {"then", "else", "$ref", "definitions", "additionalProperties"}
        )
        if unread:
            raise Unread(*unread)
        checks = [make(self, schema) for word, make in _JUDGES.items() if word in schema]
        if "additionalProperties" in schema and "properties" not in schema:
            checks.append(_object(self, schema))
        if "$ref" in schema:
            checks.append(self.definition(schema["$ref"].removeprefix("#/definitions/")))
        if len(checks) == 1:
            return checks[0]
        return lambda value: all(check(value) for check in checks)


def _object(maker: _Maker, schema: Schema) -> Check:
    known = {key: maker.check(inner) for key, inner in schema.get("properties", {}).items()}
    other = schema.get("additionalProperties", True)
    others: Check = maker.check(other) if isinstance(other, Mapping) else lambda _: bool(other)

    def check(value: Any) -> bool:
        return not isinstance(value, dict) or all(known.get(key, others)(item) for key, item in value.items())

    return check


def _type(_: _Maker, schema: Schema) -> Check:
    wanted = schema["type"]
    tests = [_TYPES[name] for name in ([wanted] if isinstance(wanted, str) else wanted)]
    return tests[0] if len(tests) == 1 else lambda value: any(test(value) for test in tests)


def _enum(_: _Maker, schema: Schema) -> Check:
    allowed = [(value, isinstance(value, bool)) for value in schema["enum"]]
    return lambda value: any(value == one and isinstance(value, bool) == flag for one, flag in allowed)


def _number(holds: Callable[[Any, Any], bool], word: str) -> Callable[[_Maker, Schema], Check]:
    def make(_: _Maker, schema: Schema) -> Check:
        limit = schema[word]
        return lambda value: not _TYPES["number"](value) or holds(value, limit)

    return make


def _length(
    sort: type[str] | type[list[Any]] | type[dict[str, Any]], holds: Callable[[int, int], bool], word: str
) -> Callable[[_Maker, Schema], Check]:
    def make(_: _Maker, schema: Schema) -> Check:
        limit = schema[word]
        return lambda value: not isinstance(value, sort) or holds(len(value), limit)

    return make


def _pattern(_: _Maker, schema: Schema) -> Check:
    search = re.compile(schema["pattern"]).search
    return lambda value: not isinstance(value, str) or search(value) is not None


def _check_required(_: _Maker, schema: Schema) -> Check:
    keys = frozenset(schema["required"])
    return lambda value: not isinstance(value, dict) or keys <= value.keys()


def _items(maker: _Maker, schema: Schema) -> Check:
    inner = maker.check(schema["items"])
    return lambda value: not isinstance(value, list) or all(map(inner, value))


def _names(maker: _Maker, schema: Schema) -> Check:
    inner = maker.check(schema["propertyNames"])
    return lambda value: not isinstance(value, dict) or all(map(inner, value))


def _if(maker: _Maker, schema: Schema) -> Check:
    condition = maker.check(schema["if"])
    so, otherwise = maker.check(schema.get("then", {})), maker.check(schema.get("else", {}))
    return lambda value: so(value) if condition(value) else otherwise(value)


def _at_least(value: Any, limit: Any) -> bool:
    return bool(value >= limit)


def _at_most(value: Any, limit: Any) -> bool:
    return bool(value <= limit)


def _more(value: Any, limit: Any) -> bool:
    return bool(value > limit)


_TYPES: Mapping[str, Check] = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "null": lambda value: value is None,
    "number": lambda value: isinstance(value, (int, float)) and not isinstance(value, bool),
    "integer": lambda value: (
        (isinstance(value, int) and not isinstance(value, bool)) or (isinstance(value, float) and value.is_integer())
    ),
}

_SILENT = {"$schema", "$id", "title", "description", "examples", "default", "format"}
"""Words that judge nothing (`format` is for readers, by the specification's own rule)."""

_JUDGES: Mapping[str, Callable[[_Maker, Schema], Check]] = {
    "type": _type,
    "enum": _enum,
    "minimum": _number(_at_least, "minimum"),
    "maximum": _number(_at_most, "maximum"),
    "exclusiveMinimum": _number(_more, "exclusiveMinimum"),
    "minLength": _length(str, _at_least, "minLength"),
    "maxLength": _length(str, _at_most, "maxLength"),
    "minItems": _length(list, _at_least, "minItems"),
    "maxItems": _length(list, _at_most, "maxItems"),
    "minProperties": _length(dict, _at_least, "minProperties"),
    "pattern": _pattern,
    "required": _check_required,
    "propertyNames": _names,
    "items": _items,
    "if": _if,
    "properties": _object,
}
