# ruff: noqa: E501 - user agents are as long as they are
from __future__ import annotations

import subprocess
import sys

import pytest
from django.test import RequestFactory

from ecom_llm.capture import bots
from ecom_llm.capture.bots import is_bot, is_prefetch

KIT = "AppleWebKit/537.36 (KHTML, like Gecko)"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
WINDOWS = f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {KIT}"
ANDROID = f"Mozilla/5.0 (Linux; Android 10; K) {KIT}"
WEBVIEW = f"Mozilla/5.0 (Linux; Android 14; SM-S928B Build/UP1A.231005.007; wv) {KIT} Version/4.0 Chrome/125.0.6422.165"

SHOPPERS = [
    f"{WINDOWS} Chrome/131.0.0.0 Safari/537.36",
    f"{WINDOWS} Chrome/131.0.0.0 Safari/537.36 Edg/131.0.0.0",
    f"{WINDOWS} Chrome/124.0.0.0 Safari/537.36 OPR/110.0.0.0",
    f"{WINDOWS} Chrome/126.0.0.0 YaBrowser/24.7.0.0 Safari/537.36",
    f"{WINDOWS} Chrome/126.0.0.0 Whale/3.27.254.15 Safari/537.36",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:133.0) Gecko/20100101 Firefox/133.0",
    "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
    f"Mozilla/5.0 (X11; Linux x86_64) {KIT} Chrome/131.0.0.0 Safari/537.36",
    f"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) {KIT} Chrome/131.0.0.0 Safari/537.36",
    f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {KIT} Chrome/131.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Safari/605.1.15",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Safari/605.1.15 Ddg/17.5",
    f"{IPHONE} Version/17.5 Mobile/15E148 Safari/604.1",
    f"{IPHONE} CriOS/131.0.6778.73 Mobile/15E148 Safari/604.1",
    f"{IPHONE} FxiOS/133.0 Mobile/15E148 Safari/605.1.15",
    f"{IPHONE} EdgiOS/131.0.2903.68 Version/17.0 Mobile/15E148 Safari/604.1",
    f"{IPHONE} GSA/344.0.695551749 Mobile/15E148 Safari/604.1",
    f"{IPHONE} Mobile/21F90 Instagram 340.0.3.27.97 (iPhone15,3; iOS 17_5_1; de_DE; de; scale=3.00; 1290x2796; 615419711)",
    f"{IPHONE} Mobile/21F90 [FBAN/FBIOS;FBAV/470.0.0.39.108;FBBV/616432182;FBDV/iPhone15,3;FBMD/iPhone;FBSN/iOS;FBSV/17.5.1]",
    f"{IPHONE} Mobile/21F90 musical_ly_35.1.0 JsSdk/2.0 NetType/WIFI Channel/App Store ByteLocale/de Region/DE BytedanceWebview/d8a21c6",
    f"{IPHONE} Mobile/15E148 MicroMessenger/8.0.49(0x1800312e) NetType/WIFI Language/zh_CN",
    f"{IPHONE} Mobile/15E148 Safari Line/14.9.1",
    f"{IPHONE} Mobile/15E148 [Pinterest/iOS]",
    f"{IPHONE} Mobile/15E148 Snapchat/12.93.0.34 (like Safari/8618.2.12.10.9, panda)",
    f"{IPHONE} Mobile/15E148 [LinkedInApp]/9.29.6482",
    f"{IPHONE} Mobile/24A446 Safari/604 [FBAN/WhatsAppSMBIPhone]",
    "Mozilla/5.0 (iPad; CPU OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1",
    f"{ANDROID} Chrome/131.0.0.0 Mobile Safari/537.36",
    f"{ANDROID} SamsungBrowser/27.0 Chrome/125.0.0.0 Mobile Safari/537.36",
    f"{ANDROID} Chrome/129.0.0.0 Mobile Safari/537.36 EdgA/129.0.0.0",
    f"{ANDROID} Chrome/127.0.0.0 Mobile Safari/537.36 OPR/84.0.0.0",
    f"{ANDROID} Chrome/124.0.0.0 Mobile DuckDuckGo/5 Safari/537.36",
    f"{ANDROID} Chrome/123.0.6312.118 Mobile Safari/537.36 (Ecosia android@123.0.6312.118)",
    "Mozilla/5.0 (Android 14; Mobile; rv:133.0) Gecko/133.0 Firefox/133.0",
    f"Mozilla/5.0 (Linux; U; Android 13; en-US; RMX3630 Build/TP1A.220905.001) {KIT} Version/4.0 Chrome/100.0.4896.58 UCBrowser/13.7.2.1636 Mobile Safari/537.36",
    f"Mozilla/5.0 (Linux; U; Android 12; ru-ru; Redmi Note 9 Build/SP1A.210812.016) {KIT} Version/4.0 Chrome/112.0.5615.136 Mobile Safari/537.36 XiaoMi/MiuiBrowser/14.9.0-gn",
    f"Mozilla/5.0 (Linux; Android 12; JAD-LX9) {KIT} Chrome/114.0.5735.196 HuaweiBrowser/15.0.4.312 Mobile Safari/537.36",
    f"{WEBVIEW} Mobile Safari/537.36 [FB_IAB/FB4A;FBAV/468.0.0.54.83;]",
    f"{WEBVIEW} Mobile Safari/537.36 MetaIAB Facebook",
    f"{WEBVIEW} Mobile Safari/537.36 Viber/23.1.0.0",
    f"{WEBVIEW} Mobile Safari/537.36 KAKAOTALK/25.4.2 (INAPP)",
    f"{WEBVIEW} Mobile Safari/537.36 NAVER(inapp; search; 1100; 12.6.3)",
    f"{WEBVIEW} Mobile Safari/537.36 Telegram-Android/11.2.3 (Samsung SM-S928B; Android 14; SDK 34; HIGH)",
    f"Mozilla/5.0 (Linux; Android 15; CPH2557 Build/AP3A.240617.008; wv) {KIT} Version/4.0 Chrome/142.0.7444.142 Mobile Safari/537.36 Instagram 406.0.0.58.159 Android (35/15; OPPO; CPH2557)",
    f"Mozilla/5.0 (Linux; Android 13; CUBOT P80) {KIT} Chrome/124.0.0.0 Mobile Safari/537.36",
    f"Mozilla/5.0 (Linux; Android 9; X20 PRO Build/P00610; wv) {KIT} Version/4.0 Chrome/101.0 Mobile Safari/537.36 Instagram 237.0 Android (28/9; CUBOT; X20 PRO)",
    f"Mozilla/5.0 (Linux; Android 8.1.0; Fever_Plus Build/O11019; wv) {KIT} Version/4.0 Chrome/75.0.3770.143 Safari/537.36",
    f"Mozilla/5.0 (Linux; Android 11; KFTRWI) {KIT} Silk/126.4.1 like Chrome/126.0.6478.71 Safari/537.36",
    f"Mozilla/5.0 (Linux; Android 9; AFTMM) {KIT} Silk/120.3.2 like Chrome/120.0.6099.144 Safari/537.36",
    f"Mozilla/5.0 (SMART-TV; LINUX; Tizen 7.0) {KIT} 94.0.4606.31/7.0 TV Safari/537.36",
    f"Mozilla/5.0 (Web0S; Linux/SmartTV) {KIT} Chrome/108.0.5359.211 Safari/537.36 WebAppManager",
    f"Mozilla/5.0 (Linux; Android 12; BRAVIA VU31) {KIT} Chrome/122.0.6261.64 Safari/537.36 HbbTV/1.6.1 (+DRM; Sony; KD-55X85L; ; 2.0; )",
    "Mozilla/5.0 (PlayStation; PlayStation 5/9.60) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/16.4 Safari/605.1.15",
    f"{WINDOWS} Chrome/100.0.4896.75 Safari/537.36 Edge/44.18363.8131 Xbox/One",
    f"Mozilla/5.0 (X11; Linux x86_64) {KIT} Chrome/79.0.3945.130 Safari/537.36 Tesla/2024.26.3.1",
    "Opera/9.80 (Android; Opera Mini/70.0.2254/191.290; U; en) Presto/2.12.423 Version/12.16",
    "okhttp/4.12.0",
    "ExampleShop/3.1 (Android 14) okhttp/4.12.0",
    "ExampleShop/2.1 CFNetwork/1494.0.7 Darwin/23.4.0",
    "Dart/3.4 (dart:io)",
]  # fmt: skip

PROGRAMS = [
    "",
    "  ",
    "-",
    "Mozilla/5.0",
    "Mozilla/5.0 (compatible)",
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    f"Mozilla/5.0 (Linux; Android 6.0.1; Nexus 5X Build/MMB29P) {KIT} Chrome/125.0 Mobile Safari/537.36 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    f"Mozilla/5.0 (Linux; Android 8.0; Pixel 2 Build/OPD3.170816.012; Storebot-Google/1.0) {KIT} Chrome/81.0 Mobile Safari/537.36",
    f"Mozilla/5.0 {KIT[:-1]}; compatible; GPTBot/1.2; +https://openai.com/gptbot)",
    "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
    "WhatsApp/2.23.20.0 A",
    "Viber",
    f"Mozilla/5.0 (X11; Linux x86_64) {KIT} HeadlessChrome/131.0.0.0 Safari/537.36",
    f"{WINDOWS} HeadlessEdg/131.0 Safari/537.36",
    f"{WINDOWS} Chrome/119.0 Safari/537.36 Prerender (+https://github.com/prerender/prerender)",
    f"{ANDROID} Chrome/119.0 Mobile Safari/537.36 Chrome-Lighthouse",
    "Mozilla/5.0 (Windows NT; Windows NT 10.0; de-DE) WindowsPowerShell/5.1.22621",
    "Mozilla/5.0 (compatible; SomeNewBot/0.1)",
    "SomeNewCrawler 1.0",
    "ExampleFetch/1.0 (https://example.org/about)",
    "curl/8.5.0",
    "Wget/1.21.4",
    "python-requests/2.32.3",
    "Python-urllib/3.11",
    "python-httpx/0.27.0",
    "Python/3.12 aiohttp/3.9.5",
    "Go-http-client/2.0",
    "Java/17.0.1",
    "Java-http-client/17.0.9",
    "Apache-HttpClient/4.5.14 (Java/17.0.1)",
    "axios/1.7.2",
    "node",
    "undici",
    "GuzzleHttp/7",
    "Symfony HttpClient (Curl)",
    "PostmanRuntime/7.39.0",
    "libwww-perl/6.67",
    "wrk/4.1.0",
    "ApacheBench/2.3",
    "Apache-JMeter/5.6",
    "k6/0.51.0",
    "kube-probe/1.29",
    "ELB-HealthChecker/2.0",
    "Amazon-Route53-Health-Check-Service (ref 1; report x)",
    "GoogleHC/1.0",
    "Mozilla/5.0+(compatible; UptimeRobot/2.0; http://www.uptimerobot.com/)",
    "Pingdom.com_bot_version_1.4_(http://www.pingdom.com/)",
    "Better Uptime Bot",
    "Blackbox Exporter/0.25.0",
    "Prometheus/2.53",
    "Consul Health Check",
    "HAProxy-health",
    "check_http/v2.3",
]


@pytest.mark.parametrize("user_agent", SHOPPERS)
def test_shopper_is_no_bot(user_agent: str) -> None:
    assert not is_bot(user_agent)


@pytest.mark.parametrize("user_agent", PROGRAMS)
def test_program_is_a_bot(user_agent: str) -> None:
    assert is_bot(user_agent)


def test_every_example_of_the_list_is_a_bot_but_those_that_shoppers_hold() -> None:
    import crawleruseragents

    examples = [example for entry in crawleruseragents.CRAWLER_USER_AGENTS_DATA for example in entry["instances"]]
    missed = [example for example in examples if not is_bot(example)]
    assert len(examples) > 1_000
    assert [each for each in missed if not each.startswith("okhttp/") and "; wv) " not in each] == []


def test_same_user_agent_is_judged_once(monkeypatch: pytest.MonkeyPatch) -> None:
    import crawleruseragents

    bots._judge.cache_clear()
    judged: list[str] = []
    monkeypatch.setattr(crawleruseragents, "is_crawler", lambda text: judged.append(text) or False)
    assert [is_bot("Mozilla/5.0 (once)"), is_bot("Mozilla/5.0 (once)")] == [False, False]
    assert judged == ["Mozilla/5.0 (once)"]
    bots._judge.cache_clear()


def test_endless_user_agents_fill_no_memory() -> None:
    bots._judge.cache_clear()
    for number in range(bots._REMEMBERED + 200):
        # A name that is known at once, so that the list is not searched each time.
        is_bot(f"curl/{number}")
    is_bot("curl/" + "x" * 100_000)
    is_bot("curl/" + "x" * 200_000)
    assert bots._judge.cache_info().currsize == bots._REMEMBERED
    assert bots._judge.cache_info().misses == bots._REMEMBERED + 201
    bots._judge.cache_clear()


def test_list_is_read_by_the_first_who_needs_it() -> None:
    code = "import sys, ecom_llm.capture.bots; sys.exit('crawleruseragents' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("Sec-Purpose", "prefetch"),
        ("Sec-Purpose", "prefetch;prerender"),
        ("Sec-Purpose", "prefetch;anonymous-client-ip"),
        ("Purpose", "Prefetch"),
        ("Purpose", "preview"),
        ("X-Purpose", "preview"),
        ("X-Moz", "prefetch"),
    ],
)
def test_page_fetched_ahead_is_a_prefetch(rf: RequestFactory, header: str, value: str) -> None:
    assert is_prefetch(rf.get("/", headers={header: value}))


@pytest.mark.parametrize("headers", [{}, {"Purpose": ""}, {"Sec-Purpose": "navigate"}, {"Sec-Fetch-Mode": "navigate"}])
def test_page_that_is_shown_is_no_prefetch(rf: RequestFactory, headers: dict[str, str]) -> None:
    assert not is_prefetch(rf.get("/", headers=headers))
