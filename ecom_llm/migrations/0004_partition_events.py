"""On PostgreSQL, events lie in partitions: purchases in one, all other behaviour in one a UTC day.

Other databases keep their one table. What is here is a copy of what `ecom_llm.models.partitions` does, since a
migration must go on doing the same when the app has changed.
"""

import uuid
from datetime import datetime, timedelta, timezone

from django.db import migrations

DAY_MILLISECONDS = 86_400_000
AHEAD_DAYS = 7

# An id is to carry the time of its event, within two days. One that does not is given the first moment of the
# event's day; an event that claims to lie in the future, of today.
PLACED_ID = """
    CASE WHEN substr(hex, 13, 1) = '7' AND abs(('x' || substr(hex, 1, 12))::bit(48)::bigint - ms) <= 2 * 86400000
    THEN id
    ELSE (
        lpad(to_hex(ms - mod(ms, 86400000)), 12, '0') || '7' || substr(hex, 14, 3)
        || translate(substr(hex, 17, 1), '0123456789abcdef', '89ab89ab89ab89ab') || substr(hex, 18)
    )::uuid END
"""
TIMED = """
    SELECT *, replace(id::text, '-', '') AS hex,
        greatest(0, floor(extract(epoch FROM least(occurred_at, statement_timestamp())) * 1000)::bigint) AS ms
    FROM {plain}
"""


def partition(apps, schema_editor):
    """Put a partitioned table in the place of the plain one and move the rows."""
    if schema_editor.connection.vendor != "postgresql":
        return
    event = apps.get_model("ecom_llm", "Event")
    names = Names(schema_editor, event)
    execute = schema_editor.execute
    execute(f"ALTER TABLE {names.event} RENAME TO {names.bare('_plain')}")
    plain, purchase, behaviour = names.of("_plain"), names.of("_purchase"), names.of("_behaviour")
    like = "INCLUDING ALL EXCLUDING INDEXES"
    execute(f"CREATE TABLE {names.event} (LIKE {plain} {like}) PARTITION BY LIST (kind)")
    execute(f"CREATE TABLE {purchase} PARTITION OF {names.event} FOR VALUES IN ('purchase')")
    execute(f"CREATE TABLE {behaviour} PARTITION OF {names.event} DEFAULT PARTITION BY RANGE (id)")
    today = int(datetime.now(timezone.utc).timestamp() * 1000) // DAY_MILLISECONDS
    bounds = [(f"_until_{spelt(today)}", "MINVALUE", first_id(today))]
    bounds += [
        (f"_{spelt(day)}", first_id(day), first_id(day + 1)) for day in range(today, today + AHEAD_DAYS + 1)
    ]
    for suffix, low, high in bounds:
        execute(f"CREATE TABLE {names.of(suffix)} PARTITION OF {behaviour} FOR VALUES FROM ({low}) TO ({high})")
    columns = [schema_editor.quote_name(field.column) for field in event._meta.local_fields]
    chosen = [PLACED_ID if column == '"id"' else column for column in columns]
    execute(
        f"INSERT INTO {names.event} ({', '.join(columns)})"
        f" SELECT {', '.join(chosen)} FROM ({TIMED.format(plain=plain)}) AS timed"
    )
    # Its indexes' names are free from here on.
    execute(f"DROP TABLE {plain}")
    execute(f"ALTER TABLE {names.event} ADD CONSTRAINT {names.bare('_pkey')} PRIMARY KEY (id, kind)")
    for index in event._meta.indexes:
        schema_editor.add_index(event, index)


def unite(apps, schema_editor):
    """Put a plain table back."""
    if schema_editor.connection.vendor != "postgresql":
        return
    event = apps.get_model("ecom_llm", "Event")
    names = Names(schema_editor, event)
    execute = schema_editor.execute
    plain = names.of("_plain")
    execute(f"CREATE TABLE {plain} (LIKE {names.event} INCLUDING ALL EXCLUDING INDEXES)")
    # Partitioned, an id was unique among events of its kind only.
    execute(f"INSERT INTO {plain} SELECT DISTINCT ON (id) * FROM {names.event} ORDER BY id")
    execute(f"DROP TABLE {names.event}")
    execute(f"ALTER TABLE {plain} RENAME TO {names.bare('')}")
    execute(f"ALTER TABLE {names.event} ADD CONSTRAINT {names.bare('_pkey')} PRIMARY KEY (id)")
    for index in event._meta.indexes:
        schema_editor.add_index(event, index)


class Names:
    """The table's name and those made from it, in the schema where it lies."""

    def __init__(self, schema_editor, model):
        self.quote = schema_editor.quote_name
        self.table = model._meta.db_table
        with schema_editor.connection.cursor() as cursor:
            cursor.execute(
                "SELECT nspname FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace"
                " WHERE pg_class.oid = to_regclass(%s)",
                [self.quote(self.table)],
            )
            self.schema = cursor.fetchone()[0]
        self.event = self.of("")

    def bare(self, suffix):
        return self.quote(f"{self.table}{suffix}")

    def of(self, suffix):
        return f"{self.quote(self.schema)}.{self.bare(suffix)}"


def first_id(day):
    """The lowest id of a day, as SQL."""
    return f"'{uuid.UUID(int=day * DAY_MILLISECONDS << 80)}'"


def spelt(day):
    """A day as in a table's name."""
    return f"{datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(days=day):%Y%m%d}"


class Migration(migrations.Migration):

    dependencies = [
        ("ecom_llm", "0003_capture"),
    ]

    operations = [
        migrations.RunPython(partition, unite, hints={"model_name": "event"}),
    ]
