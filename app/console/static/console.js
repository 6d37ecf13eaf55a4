// What a page needs beyond links and forms: colours by choice, charts, confirmations, and messages.
(() => {
  const root = document.documentElement;
  const colour = (name) => getComputedStyle(root).getPropertyValue(name).trim();

  // `light-dark()` is resolved by an element that uses it, not by the property that holds it.
  const resolved = (name) => {
    const probe = document.createElement("i");
    probe.style.color = `var(${name})`;
    document.body.append(probe);
    const found = getComputedStyle(probe).color;
    probe.remove();
    return found;
  };

  const say = (text) => {
    const toast = document.createElement("p");
    toast.className = "toast";
    toast.textContent = text;
    document.getElementById("toasts").append(toast);
    setTimeout(() => toast.remove(), 6000);
  };

  const STROKES = ["--accent", "--second", "--third", "--warn", "--muted"];
  const charts = new Map();

  // <div class="chart" data-chart='{"x": [...], "series": [{"label": "...", "values": [...]}], "bars": true, "unit": ""}'>
  const draw = (element) => {
    const told = JSON.parse(element.dataset.chart);
    charts.get(element)?.destroy();
    element.replaceChildren();
    const line = resolved("--line"), ink = resolved("--muted");
    const axis = { stroke: ink, grid: { stroke: line, width: 1 }, ticks: { stroke: line, width: 1 }, font: "12px system-ui" };
    const short = new Intl.NumberFormat("en", { notation: "compact", maximumSignificantDigits: 3 });
    const series = told.series.map((one, number) => ({
      label: one.label,
      stroke: resolved(STROKES[number % STROKES.length]),
      fill: told.bars ? resolved(STROKES[number % STROKES.length]) : undefined,
      width: told.bars ? 0 : 2,
      points: { show: false },
      paths: told.bars ? uPlot.paths.bars({ size: [0.7, 40] }) : undefined,
      value: (_, value) => (value == null ? "–" : `${short.format(value)}${told.unit || ""}`),
    }));
    const plot = new uPlot(
      {
        width: Math.max(element.clientWidth, 200),
        height: 208,
        scales: { x: { time: told.time !== false }, y: { range: (_, low, high) => [Math.min(0, low), high > 0 ? high * 1.1 : 1] } },
        axes: [axis, { ...axis, size: 56, values: (_, ticks) => ticks.map((tick) => short.format(tick)) }],
        series: [{}, ...series],
        cursor: { drag: { x: false, y: false } },
        // Days of the log are days in UTC, and so are the times in tables.
        tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), "Etc/UTC"),
      },
      [told.x, ...told.series.map((one) => one.values)],
      element,
    );
    charts.set(element, plot);
  };

  const drawAll = (within = document) => {
    within.querySelectorAll?.("[data-chart]").forEach(draw);
    for (const element of charts.keys()) if (!element.isConnected) charts.delete(element);
  };

  // A table that is wider than the window is moved by keys once it has the focus.
  const reachTables = () => {
    for (const one of document.querySelectorAll(".table")) if (one.scrollWidth > one.clientWidth) one.tabIndex = 0;
  };

  document.addEventListener("DOMContentLoaded", () => {
    drawAll();
    reachTables();
    const toggle = document.getElementById("theme");
    toggle?.addEventListener("click", () => {
      const dark = colour("color-scheme") === "dark" || (root.dataset.theme !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
      root.dataset.theme = dark ? "light" : "dark";
      localStorage.setItem("braid-theme", root.dataset.theme);
      drawAll();
    });
    document.body.addEventListener("htmx:afterSettle", (event) => { drawAll(event.detail.elt); reachTables(); });
    // Nobody looks: nothing is asked.
    document.body.addEventListener("htmx:beforeRequest", (event) => {
      if (document.hidden && "live" in event.detail.elt.dataset) event.preventDefault();
    });
    document.body.addEventListener("htmx:sendError", () => say("The server did not answer. Is it running?"));
    document.body.addEventListener("htmx:responseError", (event) => {
      const status = event.detail.xhr.status;
      if (status === 401) location.assign("/console/sign-in");
      else say(event.detail.xhr.getResponseHeader("content-type")?.includes("json") ? JSON.parse(event.detail.xhr.responseText).detail : `The server answered ${status}.`);
    });
    // A form or button with `data-confirm` is sent after the question is answered.
    document.body.addEventListener("submit", (event) => {
      const question = event.submitter?.dataset.confirm || event.target.dataset.confirm;
      if (question && !confirm(question)) { event.preventDefault(); event.stopPropagation(); }
    }, true);
    document.body.addEventListener("htmx:confirm", (event) => {
      const question = event.detail.elt.dataset.confirm;
      if (question && event.detail.elt.tagName !== "FORM") { event.preventDefault(); if (confirm(question)) event.detail.issueRequest(true); }
    });
    document.body.addEventListener("click", (event) => {
      const button = event.target.closest("[data-copy]");
      if (button) navigator.clipboard.writeText(button.dataset.copy).then(() => say("Copied."));
    });
    // Ranges show their value: <input type="range" id="a"> ... <output for="a">.
    const shows = (input) => document.querySelectorAll(`output[for="${CSS.escape(input.id)}"]`).forEach((one) => { one.textContent = input.value; });
    document.body.addEventListener("input", (event) => { if (event.target.type === "range") shows(event.target); });
    let wait;
    addEventListener("resize", () => { clearTimeout(wait); wait = setTimeout(() => drawAll(), 150); });
  });
})();
