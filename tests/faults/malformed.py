"""Requests that no browser of ours sends: broken bodies, absurd headers and cookies, other people's ids."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from io import BytesIO
from random import Random
from typing import Any
from urllib.parse import quote

from tests.faults.oddities import (
    CONTENT_TYPES,
    HEADERS,
    METHODS,
    NUMBERS,
    POSTED,
    PRODUCT_IDS,
    QUERIES,
    RAW_NUMBERS,
    READ,
    ROW_IDS,
    TEXTS,
)

API = "/ecom-llm/api/v1/"
ACTIONS = ("approve/", "reject/", "edit/")


@dataclass(slots=True)
class Sent:
    """One request, as its WSGI environment has it."""

    method: str
    path: str
    body: bytes = b""
    query: str = ""
    environ: dict[str, Any] = field(default_factory=dict)


class Maker:
    """Makes malformed requests, the same for the same seed.

    Args:
        seed: of the random choices.
        ids: events that exist already, other visitors' among them.
        cookies: values that a visitor cookie or another may have, each with its name.
        product_id: one that the shop has.
        text_id: one that the shop has too.
    """

    def __init__(
        self, seed: int, *, ids: list[str], cookies: list[tuple[str, str]], product_id: str, text_id: int
    ) -> None:
        self.random = Random(seed)
        self.ids = ids
        self.cookies = cookies
        self.product_id = product_id
        self.text_id = text_id

    def make(self) -> Sent:
        """The next one: mostly to an endpoint that reads bodies, with one or two things wrong."""
        pick = self.random.choice
        path = pick(POSTED[:1] * 10 + POSTED[1:3] * 2 + POSTED + READ + (self._product_path(), self._row_path()))
        is_read = path not in POSTED and not path.endswith(ACTIONS)
        method = pick(METHODS) if self.random.random() < 0.15 else ("GET" if is_read else "POST")
        sent = Sent(
            method,
            API + path.format(self.text_id),
            self._body(path),
            pick(QUERIES) if self.random.random() < 0.3 else "",
        )
        sent.environ["CONTENT_TYPE"] = _type_of(sent.body) if self.random.random() < 0.85 else pick(CONTENT_TYPES)
        if "charset" in sent.environ["CONTENT_TYPE"]:
            # Django itself fails where it can read neither the query nor, for its page of errors, the form.
            sent.query = ""
            if path not in POSTED:
                sent.environ["CONTENT_TYPE"] = "application/json"
        sent.environ["HTTP_ORIGIN"] = "http://testserver"
        sent.environ["CONTENT_LENGTH"] = str(len(sent.body))
        sent.environ["HTTP_COOKIE"] = self._cookie()
        for _ in range(pick((0, 0, 0, 0, 1, 2))):
            name = pick(tuple(HEADERS))
            sent.environ[name] = pick(HEADERS[name])
        sent.environ["wsgi.input"] = BytesIO(sent.body)
        return sent

    def _product_path(self) -> str:
        return f"products/{self.random.choice(PRODUCT_IDS)}/texts/"

    def _row_path(self) -> str:
        kind = self.random.choice(("jobs/{}/", "texts/{}/", "texts/{}/approve/", "texts/{}/edit/"))
        return kind.format(self.random.choice(ROW_IDS))

    def _cookie(self) -> str:
        chosen = self.random.sample(self.cookies, k=min(3, len(self.cookies)))
        if self.random.random() < 0.2:
            chosen.append(
                (
                    self.random.choice(("ecom_llm_visitor", "ecom_llm_consent", "sessionid", "csrftoken", "messages")),
                    self.random.choice(("\xff", "x" * 8192, '"\\377"', "a:b:c", "::", "=;=", "\x01", "{}", "a" * 32)),
                )
            )
        chosen.insert(self.random.randrange(len(chosen) + 1), ("csrftoken", "a" * 32))
        return "; ".join(f"{name}={value}" for name, value in chosen)

    def _event(self) -> dict[str, Any]:
        """An event with at most one thing wrong."""
        event: dict[str, Any] = {
            "kind": self.random.choice(
                ("view_item", "view_item_list", "select_item", "add_to_cart", "user_engagement")
            ),
            "product_id": self.product_id,
            "id": self.random.choice((self.ids[0], *self.ids[:20])),
            "engagement_ms": self.random.randrange(2000),
        }
        if self.random.random() < 0.3:
            event = {"kind": "search", "query": f"rain jacket {self.random.randrange(1000)}"}
        if self.random.random() < 0.7:
            names = (
                "id",
                "kind",
                "product_id",
                "query",
                "quantity",
                "ago_ms",
                "engagement_ms",
                "visitor",
                "consent",
                "occurred_at",
            )
            event[self.random.choice(names)] = self._wrong()
        return event

    def _wrong(self) -> Any:
        return self.random.choice(
            (
                self.random.choice(TEXTS),
                self.random.choice(NUMBERS),
                None,
                [],
                {},
                [[]],
                {"$ne": 1},
                {"": None},
                ["view_item"],
            )
        )

    def _body(self, path: str) -> bytes:
        fitting = {"me": (self._form, self._decision), "events": (self._batch,)}.get(path.partition("/")[0])
        if self.random.random() < 0.6:
            return self.random.choice(fitting or (self._decision,))()
        return self.random.choice((self._batch, self._cut, self._noisy, self._odd, self._form, self._decision))()

    def _batch(self) -> bytes:
        batch: dict[str, Any] = {
            "events": [self._event() for _ in range(self.random.choice((1, 1, 1, 3, 3, 5, 50, 51)))]
        }
        if self.random.random() < 0.2:
            batch[self.random.choice(("token", "events", "visitor", "csrfmiddlewaretoken"))] = self._wrong()
        return json.dumps(batch, ensure_ascii=self.random.random() < 0.7).encode("utf-8", "surrogatepass")

    def _decision(self) -> bytes:
        asked = {
            "level": self.random.choice(("none", "anonymous", "personal", self._wrong())),
            "next": self._wrong(),
            "version": self._wrong(),
            "reason": self._wrong(),
            "body": self._wrong(),
        }
        return json.dumps(asked).encode()

    def _cut(self) -> bytes:
        body = self._batch()
        return body[: self.random.randrange(len(body))]

    def _noisy(self) -> bytes:
        body = bytearray(self._batch()[:2000])
        for _ in range(self.random.randrange(1, 6)):
            body[self.random.randrange(len(body))] = self.random.randrange(256)
        return bytes(body)

    def _odd(self) -> bytes:
        number = self.random.choice(RAW_NUMBERS)
        whole = json.dumps({"events": [self._event()]})
        return self.random.choice(
            (
                b"", b"null", b"[]", b"7", b'"x"', b"\xff\xfe" + whole.encode("utf-16-le"),
                b"\xef\xbb\xbf" + whole.encode(), b"\0" * 100, b"[" * 60_000, b'{"events":' * 10_000,
                b'{"events": [' + b'{"a":' * 5000 + b"1" + b"}" * 5000 + b"]}",
                f'{{"events": [{{"kind": "add_to_cart", "product_id": "jacket", "quantity": {number}}}]}}'.encode(),
                f'{{"events": [{number}]}}'.encode(), b"x" * 65_537, b" " * 65_600 + whole.encode(),
                b"\x1f\x8b\x08\0" + b"\0" * 50, b'{"events": [], "events": [{"kind": "view_item"}]}',
                b'{"events": ["\xed\xa0\x80"]}', whole.encode() * 2,
            )
        )  # fmt: skip

    def _form(self) -> bytes:
        value = quote(self.random.choice(TEXTS)[:3000], errors="replace").encode()
        return self.random.choice(
            (
                b"level=none&next=" + value, b"level=" + value, b"level=personal&next=%0d%0aSet-Cookie:%20a=b",
                b"next=%ff%00&level=none", b"level=none&next=/%0d%0aX-Injected:%201",
                b"level=none&next=//evil.example", b"&".join(b"a=1" for _ in range(1200)),
                b"--b\r\nContent-Disposition: form-data; name=\"next\"; filename=\"a\r\nX: y\"\r\n\r\n/\r\n--b--\r\n",
                b"--b\r\n", b"--b--",
                b"--b\r\nContent-Disposition: form-data; name=\"level\"\r\n\r\nnone\r\n--b\r\n"
                b"Content-Disposition: form-data; name=\"next\"\r\n\r\n/\xed\xa0\x80\0\xff\r\n--b--\r\n",
                b"level=none&level=personal&next=%ed%a0%80",
                b"--b\r\nContent-Disposition: form-data; name=\"level\"\r\n"
                b"Content-Transfer-Encoding: base64\r\n\r\n!!!\r\n--b--\r\n",
            )
        )  # fmt: skip


def _type_of(body: bytes) -> str:
    """What a body is, more or less."""
    if body.startswith(b"--b"):
        return "multipart/form-data; boundary=b"
    return "application/x-www-form-urlencoded" if body.startswith((b"level", b"next", b"a=")) else "application/json"
