"""What nobody sends who means well: values, headers and addresses for `malformed`."""

from __future__ import annotations

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "QUERY", "BREW", "get")
POSTED = ("events/", "me/consent/", "me/erase/", "texts/{}/approve/", "texts/{}/reject/", "texts/{}/edit/")
READ = ("recommendations/", "search-copy/", "me/", "jobs/", "texts/", "schema/")
LONG = "9" * 5000
# What each place may be asked to hold; lone surrogates and NUL are what one database takes and the other refuses.
TEXTS = (
    "", " ", "\0", "a\0b", "\ud800", "\udfff x", "\uffff", "\u202eabc", "\r\nSet-Cookie: a=b", "a\nb", "é" * 300,
    "\U0001d518" * 90, "x" * 70_000, "'; DROP TABLE ecom_llm_event; --", "${jndi:ldap://x}", "<script>",
    "../../etc/passwd", "%00", "🧥" * 50, "p:" + "e" * 32, "\x1b[31m", "\uff11\uff12", "null", "true", LONG,
)  # fmt: skip
NUMBERS = (0, -1, 1, 2**31, 2**63, 10**400, 0.1, -0.0, 1e308, True)
RAW_NUMBERS = ("NaN", "Infinity", "-Infinity", "1e999", "-0", "1E400", LONG, "0x10", "01", "+1", "1.", ".5")
CONTENT_TYPES = (
    "application/json", "application/json", "application/json; charset=utf-16", "application/json; charset=nonsense",
    "application/json; charset=hex", "application/json; charset=undefined", "application/json;charset=idna", "",
    "text/plain", "application/xml", "application/x-www-form-urlencoded", "multipart/form-data",
    "application/x-www-form-urlencoded; charset=utf-7", "application/x-www-form-urlencoded; charset=hex",
    "application/x-www-form-urlencoded; charset=undefined", "multipart/form-data; boundary=",
    "multipart/form-data; boundary=b", "multipart/form-data; boundary=b; charset=utf-16",
    "multipart/form-data; boundary=\xff\xfe", ";;;", "/", "*/*", "application/json, text/html",
    "application/" + "j" * 8000, "\xe9/\xe9", "application/csp-report",
)  # fmt: skip
HEADERS: dict[str, tuple[str, ...]] = {
    "HTTP_HOST": ("", "evil.example", "testserver:99999", "[::1", "testserver\xe9", "a" * 300, "testserver:x", ".."),
    "HTTP_ORIGIN": ("null", "http://[", "http://testserver:0x", "//", "http://testserver@evil", "\xff", "a" * 8000, "http://"),
    "HTTP_REFERER": ("http://[", "\xff\xfe", "a" * 8000, "http://testserver/\r"),
    "HTTP_SEC_FETCH_SITE": ("same-origin", "cross-site", "\xff", "a" * 8000, ""),
    "HTTP_SEC_GPC": ("1", "2", "\xb2", "true", ""),
    "HTTP_DNT": ("1", "null", "\xff"),
    "HTTP_SEC_PURPOSE": ("prefetch", "\xff" * 4000),
    "HTTP_USER_AGENT": ("", "\xff\xfe", "Mozilla/5.0 (" * 500, "(" * 8000, "curl/8"),
    "HTTP_ACCEPT": ("*", ";q=\xff", "text/html;q=2", "a/b;" * 2000, "application/vnd.oai.openapi+json; version=\xb2"),
    "HTTP_ACCEPT_LANGUAGE": ("\xff", "en-" * 2000, "*;q=x", "x" * 500),
    "HTTP_AUTHORIZATION": ("Bearer \xff", "Basic !!!", "bearer", "\xa0"),
    "HTTP_X_CSRFTOKEN": ("\xff", "a" * 8000, ""),
    "HTTP_X_FORWARDED_FOR": ("\xff", ",,,", "a" * 8000, "127.0.0.1, unknown"),
    "HTTP_X_FORWARDED_HOST": ("evil.example", "\xff"),
    "HTTP_IF_NONE_MATCH": ("*", '"', 'W/"\xff"', "a" * 8000),
    "HTTP_IF_MODIFIED_SINCE": ("\xff", "Thu, 99 Foo 0000 99:99:99 GMT", "Mon, 01 Jan 9999999 00:00:00 GMT"),
    "HTTP_CONTENT_ENCODING": ("gzip", "\xff"),
    "HTTP_TRANSFER_ENCODING": ("chunked",),
    "HTTP_X_HTTP_METHOD_OVERRIDE": ("DELETE", "\xff"),
    "REMOTE_ADDR": ("", "unix:", "\xff", "::1%eth0"),
    "CONTENT_LENGTH": ("", "-1", "x", "0", "999999999999", "\xb2", "7"),
}  # fmt: skip
QUERIES = (
    "%", "%zz", "%00", "%ff", "a=%ed%a0%80", "limit=%D9%A3", "limit=1e9", "limit=-1", "limit=" + LONG,
    "product_id=%00", "product_id=" + "x" * 5000, "product_id=%ed%a0%80", "product_id[]=1", "query=%00",
    "query=%ff%fe", "q=%00", "q=%ff", "q=%F0%9F", "q=" + "%0d%0a" * 50, "q=a%00b", "language=%00", "language=../..",
    "language=%ff", "language=" + "x" * 9000, "page=0", "page=" + LONG, "page=last", "page=%00", "page=%D9%A3",
    "page_size=-1", "page_size=" + LONG, "kind=%00", "state=%ff", "format=api", "format=%00", "version=%00",
    "lang=%00", "lang=xx", "&" * 3000, "&".join(f"a{n}=1" for n in range(1500)), "=", "\xff\xfe",
)  # fmt: skip
PRODUCT_IDS = (
    "%00",
    "%2f",
    "%ff",
    "..",
    "a%00b",
    "x" * 500,
    "%ed%a0%80",
    "%F0%9F%A7%A5",
    "%0d%0aX: y",
    "'",
    "%25",
    " ",
)
ROW_IDS = ("0", "-1", LONG, "%00", "%D9%A3", "abc", "1.5", "9" * 19, "%ff", "%ed%a0%80", "1%0a", "%201")
