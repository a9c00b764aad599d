/* The shop's page script: fresh text without a reload, what the shopper saw and chose, and the consent banner.
   No dependency, no inline code, text set as text only. */
(() => {
  "use strict";

  const script = document.currentScript;
  if (!script || !window.fetch) return;
  const api = script.dataset.ecomLlmApi;
  const token = script.dataset.ecomLlmToken || "";
  let consent = script.dataset.ecomLlmConsent || "none";

  const announce = (target, name, detail) =>
    target.dispatchEvent(new CustomEvent(`ecom-llm:${name}`, { bubbles: true, detail }));

  /* ---- Fresh text ---- */

  const FIRST_WAIT = 1000;
  const LONGEST_WAIT = 5000;
  const PATIENCE = 120000;
  const REQUESTS_AT_ONCE = 4;
  const askedAt = new Map();
  let wait = FIRST_WAIT;
  let waited = 0;
  let timer = 0;

  const inPath = (id) => id.split("/").map(encodeURIComponent).join("/");

  const source = (element) => {
    const { ecomLlmKind: kind, ecomLlmLanguage: language } = element.dataset;
    const words = `language=${encodeURIComponent(language)}`;
    if (kind === "search_copy") {
      return `${api}search-copy/?q=${encodeURIComponent(element.dataset.ecomLlmQuery)}&${words}`;
    }
    const page = kind === "reason" ? element.dataset.ecomLlmSeed : element.dataset.ecomLlmProduct;
    return page ? `${api}products/${inPath(page)}/texts/?${words}` : "";
  };

  const isInView = (element) => {
    const box = element.getBoundingClientRect();
    return box.bottom > 0 && box.top < window.innerHeight;
  };

  // Pending elements by the address that answers for them; a page's own product and its reasons share one.
  const pendingGroups = () => {
    const groups = new Map();
    for (const element of document.querySelectorAll("[data-ecom-llm-pending]")) {
      const url = source(element);
      if (!url) {
        settle(element);
        continue;
      }
      if (!groups.has(url)) groups.set(url, { url, elements: [] });
      groups.get(url).elements.push(element);
    }
    return [...groups.values()];
  };

  const settle = (element) => element.removeAttribute("data-ecom-llm-pending");

  const answerFor = (element, data) => {
    const { ecomLlmKind: kind, ecomLlmProduct: productId, ecomLlmEvidence: evidence } = element.dataset;
    if (kind === "description") return data.description;
    if (kind === "search_copy") return data;
    return data.reasons.find((item) => item.product_id === productId && item.evidence === evidence);
  };

  const update = (element, data) => {
    const answer = answerFor(element, data);
    if (answer && answer.text && answer.origin !== "plain") {
      element.textContent = answer.text;
      element.dataset.ecomLlmOrigin = answer.origin;
      element.classList.add("ecom-llm-fresh");
      settle(element);
      announce(element, "text", { kind: element.dataset.ecomLlmKind, text: answer.text, origin: answer.origin });
    } else if (!data.is_pending) {
      settle(element);
    }
  };

  const ask = async (group) => {
    askedAt.set(group.url, Date.now());
    try {
      const response = await fetch(group.url, { credentials: "same-origin" });
      if (response.ok) {
        const data = await response.json();
        group.elements.forEach((element) => update(element, data));
      } else if (response.status === 429) {
        wait = Math.max(LONGEST_WAIT, 1000 * (Number(response.headers.get("Retry-After")) || 0));
      } else if (response.status < 500) {
        group.elements.forEach(settle);
      }
    } catch {
      wait = LONGEST_WAIT;
    }
  };

  const askAround = async () => {
    timer = 0;
    if (document.hidden) return;
    const groups = pendingGroups();
    // What is in view goes first, then whatever was asked for longest ago.
    const rank = (group) => (group.elements.some(isInView) ? 0 : 1e15) + (askedAt.get(group.url) || 0);
    groups.sort((one, other) => rank(one) - rank(other));
    await Promise.all(groups.slice(0, REQUESTS_AT_ONCE).map(ask));
    wait = Math.max(wait, Math.min(wait * 1.3, LONGEST_WAIT));
    schedule();
  };

  const schedule = () => {
    if (timer || document.hidden || waited >= PATIENCE) return;
    if (!document.querySelector("[data-ecom-llm-pending]")) return;
    waited += wait;
    timer = setTimeout(askAround, wait);
  };

  /* ---- Events ---- */

  const MOST_IN_A_BATCH = 50;
  const SEEN_AFTER = 1000;
  const SEND_AFTER = 5000;
  let waiting = [];
  let sendTimer = 0;

  const send = () => {
    clearTimeout(sendTimer);
    sendTimer = 0;
    while (waiting.length && consent !== "none") {
      const body = JSON.stringify({ token, events: waiting.splice(0, MOST_IN_A_BATCH) });
      const blob = new Blob([body], { type: "application/json" });
      if (!(navigator.sendBeacon && navigator.sendBeacon(`${api}events/`, blob))) {
        const headers = { "Content-Type": "application/json" };
        fetch(`${api}events/`, { method: "POST", body, headers, keepalive: true }).catch(() => {});
      }
    }
    waiting = [];
  };

  const record = (kind, productId) => {
    if (consent === "none" || !productId) return;
    const event = { kind, product_id: productId };
    // Browsers make UUIDs on secure pages only; the server makes one where it is missing.
    if (window.crypto && crypto.randomUUID) event.id = crypto.randomUUID();
    waiting.push(event);
    if (waiting.length >= MOST_IN_A_BATCH) send();
    else if (!sendTimer) sendTimer = setTimeout(send, SEND_AFTER);
  };

  const looks = new WeakMap();
  const observer =
    "IntersectionObserver" in window &&
    new IntersectionObserver(
      (entries) => {
        for (const { target, isIntersecting } of entries) {
          clearTimeout(looks.get(target));
          if (!isIntersecting) continue;
          const look = () => {
            observer.unobserve(target);
            record("view_item_list", target.dataset.ecomLlmImpression);
          };
          looks.set(target, setTimeout(look, SEEN_AFTER));
        }
      },
      { threshold: 0.5 },
    );

  const observed = new WeakSet();
  const observe = () => {
    if (!observer) return;
    for (const element of document.querySelectorAll("[data-ecom-llm-impression]")) {
      if (!observed.has(element)) observer.observe(element);
      observed.add(element);
    }
  };

  document.addEventListener("click", (event) => {
    const link = event.target instanceof Element && event.target.closest("a[href]");
    const card = link && link.closest("[data-ecom-llm-impression]");
    if (!card) return;
    record("select_item", card.dataset.ecomLlmImpression);
    send();
  });

  /* ---- Consent ---- */

  const showDecision = (form, level) => {
    consent = level;
    const banner = form.closest("[data-ecom-llm-banner]");
    if (banner) banner.remove();
    for (const button of document.querySelectorAll("[data-ecom-llm-consent-form] button[name=level]")) {
      if (button.value === level) button.setAttribute("aria-current", "true");
      else button.removeAttribute("aria-current");
    }
    const details = form.closest("details");
    if (details) {
      details.open = false;
      details.querySelector("summary").focus();
    }
    announce(document, "consent", { level });
  };

  document.addEventListener("submit", async (event) => {
    const form = event.target;
    const button = event.submitter;
    if (!button || button.name !== "level" || !form.matches("[data-ecom-llm-consent-form]")) return;
    if (form.dataset.ecomLlmPlain) return;
    event.preventDefault();
    try {
      const response = await fetch(form.action, {
        method: "POST",
        credentials: "same-origin",
        headers: {
          "Content-Type": "application/json",
          "X-CSRFToken": form.elements.csrfmiddlewaretoken.value,
        },
        body: JSON.stringify({ level: button.value }),
      });
      if (!response.ok) throw new Error(String(response.status));
      showDecision(form, (await response.json()).level);
    } catch {
      // The plain way, with the page loaded anew.
      form.dataset.ecomLlmPlain = "true";
      form.requestSubmit(button);
    }
  });

  /* ---- Begin ---- */

  // For pages that add content later: document.dispatchEvent(new CustomEvent("ecom-llm:refresh"))
  const refresh = () => {
    waited = 0;
    wait = FIRST_WAIT;
    observe();
    schedule();
  };

  document.addEventListener("ecom-llm:refresh", refresh);
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) send();
    else schedule();
  });
  window.addEventListener("pagehide", send);
  refresh();
})();
