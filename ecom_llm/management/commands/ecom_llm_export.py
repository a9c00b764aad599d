"""`manage.py ecom_llm_export`: tells everything that is kept of visitors."""

from __future__ import annotations

import json
import os
import signal
import tempfile
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from django.core.management.base import BaseCommand, CommandError

from ecom_llm.management.database import database_errors_told
from ecom_llm.management.whose import add_whose, keys_of_options
from ecom_llm.privacy.exporting import export

# What a shell expects of a program that ended since nobody read it any more.
BROKEN_PIPE_STATUS = 128 + signal.SIGPIPE


class Command(BaseCommand):
    """Reads only. A file appears when it is complete, so it is safe to stop and start again."""

    help = "Write everything that is kept of some visitors, as one JSON document."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take whose, where to, and `--json`."""
        add_whose(parser)
        parser.add_argument("--output", metavar="FILE", help="write to this file instead of standard output")
        parser.add_argument("--json", action="store_true", help="end with one line of JSON: visitors, characters")

    @database_errors_told()
    def handle(self, *args: Any, **options: Any) -> None:
        """Export."""
        del args
        keys = keys_of_options(options)
        try:
            self._export(keys, options)
            self.stdout.flush()
        except BrokenPipeError as error:
            # Whoever read it, such as `head`, has had enough. Python writes what is left once more when it exits.
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self.stdout.fileno())
            os.close(nowhere)
            raise SystemExit(BROKEN_PIPE_STATUS) from error

    def _export(self, keys: set[str], options: dict[str, Any]) -> None:
        characters = 0
        with self._output(options["output"]) as output:
            for part in export(keys):
                output.write(part)
                characters += len(part)
        if options["output"] and options["verbosity"] > 0:
            self.stdout.write(f"Wrote what is kept of {len(keys)} visitors to {options['output']}.")
        if options["json"]:
            self.stdout.write(json.dumps({"visitors": len(keys), "characters": characters}))

    @contextmanager
    def _output(self, name: str | None) -> Iterator[Any]:
        if name is None:
            # Without the newline that a command's own `write` adds to each part.
            yield self.stdout._out
            return
        path = Path(name)
        try:
            # Readable by no one else, as `mkstemp` makes it.
            handle, unfinished = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        except OSError as error:
            raise CommandError(f"{name} cannot be written: {error.strerror}.") from error
        try:
            file: IO[str]
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                yield file
            Path(unfinished).replace(path)
        except OSError as error:
            raise CommandError(f"{name} cannot be written: {error.strerror}.") from error
        finally:
            Path(unfinished).unlink(missing_ok=True)
