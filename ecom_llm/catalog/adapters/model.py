"""Any Django model as a catalogue, through a field map."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from functools import reduce
from operator import and_, or_
from typing import Any

from django.apps import apps
from django.core.exceptions import EmptyResultSet, FieldDoesNotExist, FieldError, ValidationError
from django.db.models import ForeignKey, Manager, Model, Q, QuerySet

from ecom_llm.catalog.adapters.base import CatalogAdapter
from ecom_llm.catalog.field_map import FieldReader, as_price, as_text, make_reader
from ecom_llm.entities import Fact, Offer, ProductFacts
from ecom_llm.exceptions import ConfigurationError, FieldMapError, ProductNotFoundError

OPTIONS = ("model", "id", "fields", "facts", "attributes", "parent", "search", "select_related", "filter")
FIELDS = (
    "name", "category", "description", "price", "currency", "available", "visible", "url", "image", "updated_at",
)  # fmt: skip
MAX_SEARCH_WORDS = 8
# Ids in one query; SQLite takes 250,000 parameters at most, and a plan for more is slow.
CHUNK_IDS = 1_000
# Rows read for each result wanted, since some hold the words in the middle of others.
SEARCHED_PER_RESULT = 5
LISTS = ("search", "select_related")
DICTS = ("fields", "facts", "filter")


class ModelCatalog(CatalogAdapter):
    """Products from one Django model.

    Options:
        model: ``app.Model``.
        id: the field whose value is the product id; the primary key when left out.
        fields: the known fields (``name``, ``category``, ``description``, ``price``, ``currency``, ``available``,
            ``visible``, ``url``, ``image``, ``updated_at``), each a field, a dotted path or a callable.
            ``name`` is ``name`` and ``url`` is ``get_absolute_url`` when left out.
        facts: further facts by label, each read the same way.
        attributes: a JSON field (or callable giving a dict) each of whose keys is a fact.
        parent: the foreign key by which a variant names its parent.
        search: fields, in query-set notation, in which `search` looks for every word.
        select_related: relations to load along, so that reading facts runs no query.
        filter: query-set arguments that a product must satisfy to exist at all for this app.
    """

    def __init__(self, options: Mapping[str, Any]) -> None:
        super().__init__(options)
        self._refuse_unknown(options, OPTIONS, "CATALOG['OPTIONS']")
        self._refuse_wrong_types(options)
        self.model = self._load_model(options.get("model"))
        self._id_field = self._field_name(options.get("id") or "pk", "id")
        self._parent = self._field_name(options["parent"], "parent") if options.get("parent") else ""
        # Read without the parent itself, which would be a query.
        self._parent_id = getattr(self.model._meta.get_field(self._parent), "attname", "") if self._parent else ""
        fields = dict(options.get("fields", {}))
        self._refuse_unknown(fields, FIELDS, "CATALOG['OPTIONS']['fields']")
        fields.setdefault("name", "name")
        if hasattr(self.model, "get_absolute_url"):
            fields.setdefault("url", "get_absolute_url")
        self._readers = {name: make_reader(self.model, name, source) for name, source in fields.items()}
        if price := self._readers.get("price"):
            # Within the reader, which logs what is no price and counts it as absent.
            self._readers["price"] = FieldReader(price.source, lambda product: as_price(price.get(product)))
        updated_at = fields.get("updated_at")
        self._updated_at = (
            updated_at.replace(".", "__") if isinstance(updated_at, str) and ":" not in updated_at else ""
        )
        self.supports_updated_since = bool(self._updated_at)
        self._facts = [
            (label, make_reader(self.model, label, source)) for label, source in options.get("facts", {}).items()
        ]
        self._attributes: FieldReader | None = None
        if options.get("attributes"):
            self._attributes = make_reader(self.model, "attributes", options["attributes"])
        self.supports_search = bool(options.get("search"))
        self._refuse_wrong_queries()

    @staticmethod
    def _refuse_unknown(given: Mapping[str, Any], known: tuple[str, ...], where: str) -> None:
        for name in given:
            if name not in known:
                raise ConfigurationError(f"{name!r} is not a key of {where}. Known: {', '.join(known)}.")

    @staticmethod
    def _refuse_wrong_types(options: Mapping[str, Any]) -> None:
        for name in LISTS:
            if not isinstance(options.get(name, ()), list | tuple):
                raise ConfigurationError(f"CATALOG['OPTIONS'][{name!r}] must be a list of fields.")
        for name in DICTS:
            if not isinstance(options.get(name, {}), Mapping):
                raise ConfigurationError(f"CATALOG['OPTIONS'][{name!r}] must be a dict.")

    def _refuse_wrong_queries(self) -> None:
        """Compile what the options ask of the database, without asking it."""
        if self._parent and getattr(self.model._meta.get_field(self._parent), "related_model", None) is not self.model:
            raise FieldMapError(f"parent: {self._parent!r} is no foreign key of {self.model.__name__} to itself.")
        try:
            searched = [Q(**{f"{name}__icontains": "x"}) for name in self.options.get("search", ())]
            str(self._products().filter(*searched).query)
        except EmptyResultSet:
            pass
        except (FieldError, TypeError, ValueError) as error:
            raise FieldMapError(f"search, select_related or filter: {error}") from error

    @staticmethod
    def _load_model(label: object) -> type[Model]:
        if isinstance(label, type) and issubclass(label, Model):
            return label
        if not label:
            raise ConfigurationError("CATALOG['OPTIONS']['model'] is missing: name your product model, 'app.Model'.")
        try:
            return apps.get_model(str(label))
        except (LookupError, ValueError) as error:
            raise ConfigurationError(
                f"CATALOG['OPTIONS']['model'] must name the product model as 'app.Model', not {label!r}: {error}"
            ) from error

    def _field_name(self, name: str, key: str) -> str:
        if name == "pk":
            return name
        try:
            return self.model._meta.get_field(name).name
        except FieldDoesNotExist as error:
            raise FieldMapError(f"{key}: {self.model.__name__} has no field {name!r}.") from error

    def _all(self, **conditions: Any) -> QuerySet[Model]:
        """Products and variants."""
        query_set = self.model._default_manager.filter(Q(**conditions), **self.options.get("filter", {}))
        related = self.options.get("select_related", ())
        return query_set.select_related(*related) if related else query_set

    def _products(self) -> QuerySet[Model]:
        return self._all(**{f"{self._parent}__isnull": True}) if self._parent else self._all()

    def _read(self, product: Any, name: str) -> Any:
        reader = self._readers.get(name)
        return reader.read(product) if reader else None

    def get(self, product_id: str) -> Any:
        found = self.in_bulk([str(product_id)])
        if not found:
            raise ProductNotFoundError(f"No {self.model.__name__} has the {self._id_field} {product_id!r}.")
        return found[str(product_id)]

    def in_bulk(self, product_ids: Iterable[str]) -> dict[str, Any]:
        found = self._bulk(product_ids)
        return {product_id: item for product_id, item in found.items() if not self._is_variant(item)}

    def parent_ids(self, product_ids: Iterable[str]) -> dict[str, str]:
        """One query for a thousand ids, variants among them."""
        wanted = list(set(product_ids))
        columns = [self._id_field, f"{self._parent}__{self._id_field}"] if self._parent else [self._id_field]
        found: dict[str, str] = {}
        for start in range(0, len(wanted), CHUNK_IDS):
            chunk = wanted[start : start + CHUNK_IDS]
            values = [value for item in chunk if (value := self._to_python(item)) is not None]
            rows = self._all(**{f"{self._id_field}__in": values}).select_related(None).values_list(*columns)
            # The last column is the parent's id; null for a product, and the product's own where there are no variants.
            found.update({str(row[0]): str(row[0] if row[-1] is None else row[-1]) for row in rows})
        return {product_id: found[product_id] for product_id in wanted if product_id in found}

    def _bulk(self, product_ids: Iterable[str]) -> dict[str, Any]:
        """Products and variants by id.

        The database is not asked to leave out variants: for that it may read the whole table, by its index of parents.
        """
        wanted = set(product_ids)
        values = [value for item in wanted if (value := self._to_python(item)) is not None]
        if not values:
            return {}
        rows = self._all(**{f"{self._id_field}__in": values}).order_by()
        found = {self.product_id(item): item for item in rows}
        # "01" is read as 1 by the field, and so are digits of other scripts; neither is an id.
        return {product_id: item for product_id, item in found.items() if product_id in wanted}

    def _to_python(self, product_id: str) -> Any:
        """The id as the database holds it; None for what cannot be one (letters for a number, say)."""
        field = self.model._meta.pk if self._id_field == "pk" else self.model._meta.get_field(self._id_field)
        # A relation's values are those of what it points to, which alone knows their limits.
        while isinstance(field, ForeignKey):
            field = field.target_field
        try:
            value = field.to_python(product_id)  # type: ignore[union-attr]
            if isinstance(value, str):
                # Text of any length and kind can be compared with, but for this character.
                return None if "\0" in value else value
            field.run_validators(value)  # type: ignore[union-attr]
        except (ValidationError, ValueError, OverflowError):
            return None
        return value

    def iter_ids(self, updated_since: datetime | None = None) -> Iterator[str]:
        query_set = self._products().order_by("pk")
        if updated_since is not None and self._updated_at:
            query_set = query_set.filter(**{f"{self._updated_at}__gte": updated_since})
        for product in query_set.iterator(chunk_size=500):
            if self.is_visible(product):
                yield self.product_id(product)

    def product_id(self, product: Any) -> str:
        return str(getattr(product, self._id_field))

    def facts(self, product: Any) -> ProductFacts:
        facts = [Fact(label, as_text(reader.read(product)), reader.source) for label, reader in self._facts]
        if self._attributes is not None:
            source = self._attributes.source
            attributes = self._attributes.read(product)
            facts += [
                Fact(str(label), as_text(value), f"{source}.{label}")
                for label, value in (attributes.items() if isinstance(attributes, Mapping) else ())
            ]
        return ProductFacts(
            product_id=self.product_id(product),
            name=as_text(self._read(product, "name")),
            category=as_text(self._read(product, "category")),
            facts=tuple(fact for fact in facts if fact.value),
            description=str(self._read(product, "description") or "").strip(),
        )

    def offer(self, product: Any) -> Offer:
        return Offer(
            price=self._read(product, "price"),
            currency=as_text(self._read(product, "currency")),
            is_available=self.is_available(product),
        )

    def is_available(self, product: Any) -> bool:
        return self._flag(product, "available")

    def _flag(self, product: Any, name: str) -> bool:
        return bool(self._read(product, name)) if name in self._readers else True

    def url(self, product: Any) -> str:
        return str(self._read(product, "url") or "")

    def image_url(self, product: Any) -> str:
        return str(self._read(product, "image") or "")

    def is_visible(self, product: Any) -> bool:
        return self._flag(product, "visible")

    def resolve(self, obj_or_id: Any) -> Any | None:
        product = obj_or_id
        if not self.is_product(obj_or_id):
            product = self._bulk([str(obj_or_id)]).get(str(obj_or_id))
        return getattr(product, self._parent) if product is not None and self._is_variant(product) else product

    def _is_variant(self, product: Any) -> bool:
        return bool(self._parent_id) and getattr(product, self._parent_id) is not None

    def is_product(self, obj: Any) -> bool:
        return isinstance(obj, self.model)

    def search(self, query: str, limit: int) -> list[Any]:
        fields = self.options.get("search", ())
        words = query.replace("\0", "").split()[:MAX_SEARCH_WORDS]
        if not fields or not words:
            return []
        per_word = [reduce(or_, (Q(**{f"{name}__icontains": word}) for name in fields)) for word in words]
        found = self._products().filter(reduce(and_, per_word)).distinct()[: limit * SEARCHED_PER_RESULT]
        # The database finds "lamp" in "glamping" too; a shopper means words, and the name's before any other's.
        starts = [re.compile(rf"(?<!\w){re.escape(word)}", re.IGNORECASE) for word in words]
        ranked = [(rank, item) for item in found if self.is_visible(item) and (rank := self._rank(item, starts))]
        return [item for _, item in sorted(ranked, key=lambda pair: -pair[0])[:limit]]

    def _rank(self, product: Any, starts: list[re.Pattern[str]]) -> int:
        """How many words start a word of its name, twice, and of any searched field; 0 when one starts none."""
        name = as_text(self._read(product, "name"))
        text = "\n".join([name, *(as_text(_lookup(product, field)) for field in self.options["search"])])
        if not all(start.search(text) for start in starts):
            return 0
        return len(starts) + 2 * sum(bool(start.search(name)) for start in starts)


def _lookup(product: Any, field: str) -> Any:
    """The value that a query-set notation names; a list of them behind a relation to many."""
    value = product
    for part in field.split("__"):
        value = getattr(value, part, None)
        if isinstance(value, Manager):
            return [as_text(item) for item in value.all()]
    return value
