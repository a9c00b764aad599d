"""The names that a shop gives its URLs, which settings refer to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from django.urls import URLPattern, URLResolver


def named_urls(
    patterns: Iterable[URLPattern | URLResolver], prefix: str = "", outer: frozenset[str] = frozenset()
) -> Iterator[tuple[str, frozenset[str]]]:
    """The names of all URLs, each with the arguments that its view is called with.

    Args:
        patterns: as a URL configuration lists them.
        prefix: namespaces that they are in, each followed by a colon.
        outer: arguments that they get from the patterns around them.
    """
    for pattern in patterns:
        # Of a path its converters, of a regular expression its groups.
        route: Any = pattern.pattern
        arguments = outer | set(route.converters) | set(route.regex.groupindex)
        if isinstance(pattern, URLResolver):
            inner = f"{prefix}{pattern.namespace}:" if pattern.namespace else prefix
            yield from named_urls(pattern.url_patterns, inner, arguments | set(pattern.default_kwargs))
        elif pattern.name:
            yield prefix + pattern.name, arguments | set(pattern.default_args)
