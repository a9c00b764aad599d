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
  const SEND_AFTER = 5000;
  const A_DAY = 86400000;
  let waiting = [];
  let sendTimer = 0;

  // Version 7, whose first 48 bits are the time. Not crypto.randomUUID, which pages without TLS do not have.
  const uuid7 = () => {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    let rest = Date.now();
    for (let place = 5; place >= 0; place -= 1) {
      bytes[place] = rest % 256;
      rest = Math.floor(rest / 256);
    }
    bytes[6] = 0x70 | (bytes[6] & 0x0f);
    bytes[8] = 0x80 | (bytes[8] & 0x3f);
    const digits = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
    return digits.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
  };

  // How long ago it was, not when: the shopper's clock may be wrong, and this does not read it.
  const aged = ({ at, ...event }) => ({ ...event, ago_ms: Math.min(A_DAY, Math.round(performance.now() - at)) });

  const send = () => {
    clearTimeout(sendTimer);
    sendTimer = 0;
    while (waiting.length && consent !== "none") {
      const body = JSON.stringify({ token, events: waiting.splice(0, MOST_IN_A_BATCH).map(aged) });
      const blob = new Blob([body], { type: "application/json" });
      if (!(navigator.sendBeacon && navigator.sendBeacon(`${api}events/`, blob))) {
        const headers = { "Content-Type": "application/json" };
        fetch(`${api}events/`, { method: "POST", body, headers, keepalive: true }).catch(() => {});
      }
    }
    waiting = [];
  };

  const record = (kind, productId, more) => {
    if (consent === "none" || !productId) return;
    waiting.push({ id: uuid7(), kind, product_id: productId, ...more, at: performance.now() });
    if (waiting.length >= MOST_IN_A_BATCH) send();
    else if (!sendTimer) sendTimer = setTimeout(send, SEND_AFTER);
  };

  /* ---- Impressions and clicks: a card half in view for a second, a link followed from it ---- */

  const HALF = 0.5;
  const SEEN_AFTER = 1000;
  // Cards half in view, each with the timer that ends its second; none runs while the page is hidden.
  const inView = new Map();
  const observed = new WeakSet();

  const startLook = (card) => {
    const see = () => {
      inView.delete(card);
      observer.unobserve(card);
      record("view_item_list", card.dataset.ecomLlmImpression);
    };
    clearTimeout(inView.get(card));
    inView.set(card, document.hidden ? 0 : setTimeout(see, SEEN_AFTER));
  };

  const stopLook = (card) => {
    clearTimeout(inView.get(card));
    inView.delete(card);
  };

  const observer =
    "IntersectionObserver" in window &&
    new IntersectionObserver(
      (entries) => {
        for (const { target, intersectionRatio } of entries) {
          if (intersectionRatio >= HALF) startLook(target);
          else stopLook(target);
        }
      },
      { threshold: HALF },
    );

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

  /* ---- Dwell: how long a product's page was in front of the shopper, told once when it first goes out of sight ---- */

  const SHORTEST_DWELL = 1000;
  const LONGEST_DWELL = 1800000;
  const [navigation] = performance.getEntriesByType("navigation");
  // A page that says "not found" under a product's address shows no product.
  const isFound = !(navigation && navigation.responseStatus >= 400);
  let dwelt = 0;
  let lookingSince = null;
  let isDwellTold = false;
  let isInFront = true;

  const countDwell = () => {
    const now = performance.now();
    if (lookingSince !== null) dwelt += now - lookingSince;
    lookingSince = isInFront && !document.hidden ? now : null;
  };

  const restartDwell = () => {
    lookingSince = null;
    dwelt = 0;
    countDwell();
  };

  const tellDwell = () => {
    countDwell();
    if (isDwellTold || !isFound || consent === "none" || dwelt < SHORTEST_DWELL) return;
    isDwellTold = true;
    const engagement = Math.min(LONGEST_DWELL, Math.round(dwelt));
    record("user_engagement", script.dataset.ecomLlmProduct, { engagement_ms: engagement });
  };

  const setInFront = (isFocused) => {
    isInFront = isFocused;
    countDwell();
  };

  window.addEventListener("focus", () => setInFront(true));
  // A frame within the page takes the focus from its window, not from the page.
  window.addEventListener("blur", () => setInFront(document.hasFocus()));

  /* ---- Consent and rights ---- */

  // From the least that may be kept to the most.
  const LEVELS = ["none", "anonymous", "personal"];
  let focusedBeforeBanner = null;

  // What waits belongs to the level under which it was seen, and so does the time looked at so far.
  const changeLevel = (level) => {
    if (level === consent) return;
    consent = level;
    waiting = [];
    restartDwell();
  };

  // Before a higher level holds, what waits goes out under the old one; a lower one silences the page at once.
  const prepareFor = (level) => {
    if (LEVELS.indexOf(level) > LEVELS.indexOf(consent)) send();
    else if (level !== consent) changeLevel("none");
  };

  const removeBanners = () => {
    for (const banner of document.querySelectorAll("[data-ecom-llm-banner]")) {
      const hadFocus = banner.contains(document.activeElement);
      banner.remove();
      if (hadFocus && focusedBeforeBanner) focusedBeforeBanner.focus({ preventScroll: true });
    }
  };

  const showDecision = (form, level) => {
    for (const button of document.querySelectorAll("[data-ecom-llm-consent-form] button[name=level]")) {
      if (button.value === level) button.setAttribute("aria-current", "true");
      else button.removeAttribute("aria-current");
    }
    const details = form.closest("details");
    if (details) {
      details.open = false;
      details.querySelector("summary").focus();
    }
    removeBanners();
  };

  const call = async (form, url, method, body) => {
    const headers = { "Content-Type": "application/json", "X-CSRFToken": form.elements.csrfmiddlewaretoken.value };
    const response = await fetch(url, { method, headers, body, credentials: "same-origin" });
    if (!response.ok) throw new Error(String(response.status));
    return response;
  };

  const decide = async (form, button) => {
    prepareFor(button.value);
    const response = await call(form, form.action, "POST", JSON.stringify({ level: button.value }));
    const { level } = await response.json();
    changeLevel(level);
    showDecision(form, level);
    announce(document, "consent", { level });
  };

  const erase = async (form) => {
    // What this page still saw of the visitor goes with the rest, and nothing more is sent from it.
    changeLevel("none");
    await call(form, form.dataset.ecomLlmErase, "DELETE");
    const status = form.querySelector("[role=status]");
    status.textContent = status.dataset.ecomLlmDone;
    announce(document, "erased", {});
  };

  /* ---- Not interested: the card stays where it is, so that it can be undone ---- */

  const sendHide = async (form, isHidden) => {
    const productId = form.elements.product_id.value;
    const headers = { "Content-Type": "application/json" };
    const body = JSON.stringify({ product_id: productId, token: form.elements.token.value });
    const response = isHidden
      ? await fetch(`${form.action}?product_id=${encodeURIComponent(productId)}`, { method: "DELETE" })
      : await fetch(form.action, { method: "POST", headers, body });
    if (!response.ok) throw new Error(String(response.status));
    announce(form, "interest", { productId, isInterested: isHidden });
  };

  // Never the plain way after a failure: it knows no undo.
  const hide = async (form, button) => {
    if (form.dataset.ecomLlmBusy) return;
    form.dataset.ecomLlmBusy = "true";
    const isHidden = form.dataset.ecomLlmHidden === "true";
    const status = form.querySelector("[role=status]");
    try {
      await sendHide(form, isHidden);
      form.dataset.ecomLlmHidden = String(!isHidden);
      const card = form.closest("[data-ecom-llm-impression]");
      if (card) card.classList.toggle("ecom-llm-unwanted", !isHidden);
      button.textContent = isHidden ? button.dataset.ecomLlmHide : button.dataset.ecomLlmUndo;
      status.textContent = isHidden ? status.dataset.ecomLlmUndone : status.dataset.ecomLlmDone;
    } catch {
      status.textContent = status.dataset.ecomLlmFailed;
    }
    delete form.dataset.ecomLlmBusy;
  };

  const actOf = (form, button) => {
    if (form.matches("[data-ecom-llm-erase]")) return erase;
    if (form.matches("[data-ecom-llm-hide-form]") && button) return hide;
    return form.matches("[data-ecom-llm-consent-form]") && button && button.name === "level" ? decide : null;
  };

  document.addEventListener("submit", async (event) => {
    const { target: form, submitter: button } = event;
    const act = actOf(form, button);
    if (!act || form.dataset.ecomLlmPlain) return;
    event.preventDefault();
    try {
      await act(form, button);
    } catch {
      // The plain way, with the page loaded anew.
      form.dataset.ecomLlmPlain = "true";
      form.requestSubmit(button);
    }
  });

  document.addEventListener("focusin", ({ target, relatedTarget }) => {
    const banner = target.closest("[data-ecom-llm-banner]");
    if (banner && !banner.contains(relatedTarget)) focusedBeforeBanner = relatedTarget;
  });

  // The style sheet keeps so much of the page free below that the banner never lies over what has the focus.
  const makeRoomFor = (banner) => {
    const room = () =>
      document.documentElement.style.setProperty("--ecom-llm-banner-height", `${banner.offsetHeight}px`);
    new ResizeObserver(room).observe(banner);
  };

  const banner = document.querySelector("[data-ecom-llm-banner]");
  if (banner && "ResizeObserver" in window) makeRoomFor(banner);

  /* ---- Begin ---- */

  // For pages that add content later: document.dispatchEvent(new CustomEvent("ecom-llm:refresh"))
  const refresh = () => {
    waited = 0;
    wait = FIRST_WAIT;
    observe();
    schedule();
  };

  const leave = () => {
    tellDwell();
    send();
  };

  document.addEventListener("ecom-llm:refresh", refresh);
  document.addEventListener("visibilitychange", () => {
    // A second in view starts anew when the page comes back.
    for (const card of [...inView.keys()]) startLook(card);
    if (document.hidden) leave();
    else {
      countDwell();
      schedule();
    }
  });
  window.addEventListener("pagehide", leave);
  window.addEventListener("pageshow", ({ persisted }) => {
    // Back from the browser's memory of pages: the same page, viewed once more.
    if (!persisted) return;
    isDwellTold = false;
    restartDwell();
  });
  restartDwell();
  refresh();
})();
