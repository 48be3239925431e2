"""Joins the parts: finds the services of the domain and gives each what its constructor asks for.

Nobody keeps a list: a service is a class of `domain/<folder>/service.py` whose constructor takes `transactions`; its
other arguments are found by their annotated types among what was provided (ports, settings) and the other services.
"""

import importlib
import inspect
import pkgutil
import typing
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar, cast

import fengtai.domain
from fengtai.vocabulary.transactions import Transactions

Built = TypeVar("Built")


class Missing(LookupError):
    """A part asks for something that nobody provides."""


class Workshop:
    """Builds each service once, when first asked for."""

    def __init__(self, provided: Mapping[type[Any], object]) -> None:
        self._made: dict[type[Any], object] = dict(provided)
        self._known = set(found_services())

    def provide(self, port: type[Any], thing: object) -> None:
        self._made[port] = thing

    def get(self, wanted: type[Built]) -> Built:
        if wanted not in self._made:
            if wanted not in self._known:
                raise Missing(f"nobody provides {wanted.__module__}.{wanted.__qualname__}")
            self._made[wanted] = wanted(**self.arguments(wanted))
        return cast(Built, self._made[wanted])

    def arguments(self, maker: Callable[..., Any], **given: object) -> dict[str, Any]:
        """What this constructor or function asks for, by annotation; `given` wins, defaults stay where nobody provides."""
        target = maker.__init__ if inspect.isclass(maker) else maker
        hints = typing.get_type_hints(target)
        arguments: dict[str, Any] = {}
        for name, parameter in inspect.signature(maker).parameters.items():
            if name in given:
                arguments[name] = given[name]
                continue
            try:
                arguments[name] = self.get(hints[name])
            except (Missing, KeyError) as error:
                if parameter.default is inspect.Parameter.empty:
                    raise Missing(f"{maker.__module__}.{maker.__qualname__} needs {name}: {error}") from error
        return arguments

    def all(self) -> dict[type[Any], object]:
        """Everything that was made or provided, services included."""
        self.all_services()
        return dict(self._made)

    def all_services(self) -> dict[type[Any], object]:
        return {kind: self.get(kind) for kind in sorted(self._known, key=lambda kind: kind.__module__)}


def found_services() -> Iterable[type[Any]]:
    for folder in pkgutil.iter_modules(fengtai.domain.__path__):
        name = f"{fengtai.domain.__name__}.{folder.name}.service"
        try:
            module = importlib.import_module(name)
        except ModuleNotFoundError as error:
            if error.name != name:
                raise
            continue
        for kind in vars(module).values():
            if inspect.isclass(kind) and f"{kind.__module__}.".startswith(f"{name}.") and _takes_transactions(kind):
                yield kind


def _takes_transactions(kind: type[Any]) -> bool:
    if getattr(kind, "_is_protocol", False):
        return False
    return "transactions" in inspect.signature(kind).parameters and (
        typing.get_type_hints(kind.__init__).get("transactions") is Transactions
    )
