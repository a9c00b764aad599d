"""Tells programs from shoppers by the user agent, and pages fetched ahead from pages shown."""

from __future__ import annotations

import re
from functools import lru_cache

from django.http import HttpRequest

_MAX_CHARACTERS = 512
# Bounded by count and by length: at most 1 MiB whatever is sent. Held in memory only.
_REMEMBERED = 2048
# Purposes that a browser gives for a page which nobody looks at yet, if ever.
_AHEAD = re.compile(r"prefetch|prerender|preview", re.IGNORECASE)
_PURPOSES = ("HTTP_SEC_PURPOSE", "HTTP_PURPOSE", "HTTP_X_PURPOSE", "HTTP_X_MOZ")

# What the list takes for programs and shoppers hold in their hands: phones whose model or build resembles a name
# on it, apps that fetch with Android's own library, and browsers within apps.
_SHOPPERS = re.compile(
    r"(?<=Android )(?P<version>[\d.]+; (?:[a-z]{2}(?:[-_][a-z]{2,4})?; )?)[^;()]*"
    r"|okhttp(?:/[\w.-]+)?|MetaIAB Facebook|Sogou(?:MSE|MobileBrowser|Search)|FBAN/WhatsApp|(?<=\S )Viber/",
    re.IGNORECASE,
)
# What the list leaves out. Tools give their own name first ...
_TOOLS = frozenset(
    {
        "apachebench", "aria2", "bun", "consul", "datadog", "deno", "envoy", "faraday", "fasthttp", "go-resty",
        "googlehc", "got", "guzzlehttp", "haproxy", "hey", "http.rb", "httpclient", "hurl", "hyper", "insomnia",
        "java", "jmeter", "k6", "locust", "lwp-request", "nagios", "newrelicpinger", "node", "oha", "php",
        "postmanruntime", "prometheus", "python", "reqwest", "rest-client", "resty", "ruby", "siege", "superagent",
        "symfony", "undici", "ureq", "varnish", "vegeta", "wrk",
    }
)  # fmt: skip
_NAME = re.compile(r"[^/\s(]*")
# ... and others say what they are, or whom to ask about them. CUBOT makes phones.
_CONFESSIONS = re.compile(
    r"https?://|(?<!cu)bot(?=[/;,)_ -]|$)|like gecko; (?:compatible|google)"
    r"|crawl|spider|scrap(?:er|y|ing)|scanner|validator|health[ -]?check|uptime|monitor|heartbeat|probe/|probe$"
    r"|prerender|(?:link|ur[il]) ?preview|headless|phantomjs|lighthouse|webdriver|selenium|puppeteer|playwright"
    r"|jsdom/|htmlunit|cypress/|java-http-client|commons-httpclient|apache-jmeter|reactornetty|winhttp|powershell/"
    r"|^(?:kube|elb|haproxy)-|^mozilla/[\d.]+(?: \(compatible;?\))?$",
    re.IGNORECASE,
)


def is_bot(user_agent: str) -> bool:
    """Whether a program rather than a person's browser or app sends this.

    The verdict on a user agent is remembered, as reaching one takes a fraction of a millisecond.

    Args:
        user_agent: the header; empty where there is none, which no browser does.
    """
    return _judge(user_agent[:_MAX_CHARACTERS])


def is_prefetch(request: HttpRequest) -> bool:
    """Whether a browser fetches this page in case its visitor goes there, and has not shown it to anyone."""
    meta = request.META
    return any(name in meta and _AHEAD.search(meta[name]) is not None for name in _PURPOSES)


@lru_cache(maxsize=_REMEMBERED)
def _judge(user_agent: str) -> bool:
    # Reading and compiling 1,500 patterns takes 25 ms and 6 MiB, which workers need not spend.
    from crawleruseragents import is_crawler

    if not any(map(str.isalpha, user_agent)):
        return True
    name = _NAME.match(user_agent)
    if name is not None and name[0].lower() in _TOOLS:
        return True
    known = _SHOPPERS.sub(lambda match: match["version"] or "", user_agent)
    return _CONFESSIONS.search(known) is not None or bool(is_crawler(known))
