"""Finds the routes of the business: `router` in every `domain/<folder>/api.py`. Nobody keeps a list."""

import importlib
import inspect
import pkgutil
import typing
from collections.abc import Callable, Mapping

from fastapi import APIRouter

import fengtai.domain
from fengtai.domain.access.model import Actor


class ServiceMissing(LookupError):
    """A router asks for something that was not given; the sentence names both."""


def discovered_routers(services: Mapping[type, object], who: Callable[..., Actor]) -> list[APIRouter]:
    """Build every folder's router with the services that its annotations ask for, and `who` where it is asked for."""
    return [_built(maker, services, who) for maker in found_router_makers()]


def found_router_makers() -> list[Callable[..., APIRouter]]:
    makers: list[Callable[..., APIRouter]] = []
    for folder in sorted(pkgutil.iter_modules(fengtai.domain.__path__), key=lambda folder: folder.name):
        name = f"{fengtai.domain.__name__}.{folder.name}.api"
        try:
            module = importlib.import_module(name)
        except ModuleNotFoundError as error:
            if error.name != name:
                raise
            continue
        makers.append(module.router)
    return makers


def _built(maker: Callable[..., APIRouter], services: Mapping[type, object], who: Callable[..., Actor]) -> APIRouter:
    hints = typing.get_type_hints(maker)
    arguments: dict[str, object] = {}
    for name, parameter in inspect.signature(maker).parameters.items():
        if name == "who":
            arguments[name] = who
            continue
        wanted = hints.get(name)
        if isinstance(wanted, type) and wanted in services:
            arguments[name] = services[wanted]
        elif parameter.default is inspect.Parameter.empty:
            told = getattr(wanted, "__qualname__", str(wanted))
            raise ServiceMissing(f"{maker.__module__}.router needs {name}: {told}, and nobody gave one")
    return maker(**arguments)
