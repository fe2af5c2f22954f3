"""Answers questions about generated modules: one JSON line each way. The folder of the modules is the argument."""

import importlib
import json
import sys
import types
import typing
from typing import Any

sys.path.insert(0, sys.argv[1])


def fits(value: Any, hint: Any, module: types.ModuleType) -> bool:
    """Is the value one of the type, as far as a type checker would know?"""
    if isinstance(hint, typing.ForwardRef):
        hint = hint.__forward_arg__
    if isinstance(hint, str):
        hint = eval(hint, vars(module))
    if hint is Any:
        return True
    if hint is None or hint is type(None):
        return value is None
    if hint is typing.Never:
        return False
    if hint is float:
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    if hint is int:
        return isinstance(value, int) and not isinstance(value, bool)
    if hint in (str, bool):
        return isinstance(value, hint)
    if typing.is_typeddict(hint):
        fields = typing.get_type_hints(hint, vars(module), include_extras=True)
        optional = {name for name, field in fields.items() if typing.get_origin(field) is typing.NotRequired}
        return (isinstance(value, dict) and set(value) <= set(fields) and set(fields) - optional <= set(value)
                and all(fits(value[name], bare(fields[name]), module) for name in value))
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Literal:
        return any(value == one and type(value) is type(one) for one in arguments)
    if origin is list:
        return isinstance(value, list) and all(fits(item, arguments[0], module) for item in value)
    if origin is dict:
        return isinstance(value, dict) and all(fits(item, arguments[1], module) for item in value.values())
    if origin in (typing.Union, types.UnionType):
        return any(fits(value, one, module) for one in arguments)
    raise TypeError(f"what is {hint!r}?")


def bare(field: Any) -> Any:
    return typing.get_args(field)[0] if typing.get_origin(field) is typing.NotRequired else field


def answer(question: dict[str, Any]) -> Any:
    module = importlib.import_module(question["module"])
    if question["ask"] == "fits":
        return fits(question["value"], getattr(module, question["type"]), module)
    if question["ask"] == "encode":
        return module._encode(question["type"], question["value"], question["id"])
    return module._decode(question["frame"])


for line in sys.stdin:
    print(json.dumps(answer(json.loads(line))), flush=True)
