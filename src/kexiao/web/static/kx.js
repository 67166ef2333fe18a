// Charts, the menu, searching, confirming. Nothing here computes: charts are drawn from the options that the server gives.
(function () {
  "use strict";

  const look = JSON.parse(document.getElementById("chart-look")?.textContent || "null");
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const charts = new Map();

  function recoloured(option) {
    if (Array.isArray(option)) return option.map(recoloured);
    if (option && typeof option === "object")
      return Object.fromEntries(Object.entries(option).map(([key, value]) => [key, recoloured(value)]));
    return typeof option === "string" && look.map[option] ? look.map[option] : option;
  }

  function draw(place) {
    const data = place.querySelector("script") || place.data;
    if (!data || !window.echarts) return;
    place.data = data;
    place.style.height = place.dataset.height + "px";
    charts.get(place)?.dispose();
    const option = JSON.parse(data.textContent);
    const chart = window.echarts.init(place, "kexiao" + (dark.matches ? "-dark" : ""), { renderer: "canvas" });
    chart.setOption(dark.matches ? recoloured(option) : option);
    charts.set(place, chart);
  }

  function drawAll(inside) {
    inside.querySelectorAll(".kx-chart").forEach((place) => charts.has(place) || draw(place));
  }

  function forget() {
    charts.forEach((chart, place) => {
      if (!place.isConnected) {
        chart.dispose();
        charts.delete(place);
      }
    });
  }

  if (window.echarts && look) {
    window.echarts.registerTheme("kexiao", look.light);
    window.echarts.registerTheme("kexiao-dark", look.dark);
    drawAll(document);
    let waiting = 0;
    window.addEventListener("resize", () => {
      cancelAnimationFrame(waiting);
      waiting = requestAnimationFrame(() => charts.forEach((chart) => chart.resize()));
    });
    dark.addEventListener("change", () => [...charts.keys()].forEach(draw));
    document.addEventListener("htmx:afterSwap", (event) => {
      forget();
      drawAll(event.detail.target);
    });
  }

  // A part that could not be fetched says so.
  const words = document.documentElement.lang.startsWith("zh")
    ? "这一部分没有取到，请刷新页面重试。"
    : "This part could not be fetched. Reload the page and try again.";
  for (const failure of ["htmx:responseError", "htmx:sendError"])
    document.addEventListener(failure, (event) => {
      const told = document.createElement("p");
      told.className = "kx-failure";
      told.setAttribute("role", "alert");
      told.textContent = words;
      event.detail.target.replaceChildren(told);
    });

  // The menu of small screens, and what opens and closes.
  document.querySelectorAll(".kx-menu").forEach((button) =>
    button.addEventListener("click", () =>
      button.setAttribute("aria-expanded", String(button.getAttribute("aria-expanded") !== "true")),
    ),
  );
  document.addEventListener("click", (event) => {
    document.querySelectorAll(".kx-user[open]").forEach((menu) => menu.contains(event.target) || menu.removeAttribute("open"));
    const opener = event.target.closest("[data-open]");
    if (opener) document.getElementById(opener.dataset.open)?.showModal();
    const closer = event.target.closest("[data-close]");
    if (closer) closer.closest("dialog")?.close();
    if (event.target instanceof HTMLDialogElement) event.target.close();
  });
  document.querySelectorAll("[data-submit-on-change]").forEach((form) =>
    form.addEventListener("change", () => form.requestSubmit()),
  );

  // Another kind of sheet has other fields: the form is asked for anew.
  document.querySelectorAll("select[data-again]").forEach((select) =>
    select.addEventListener("change", () => select.form.requestSubmit(document.getElementById(select.dataset.again))),
  );

  // Files dropped on the upload form.
  document.querySelectorAll(".kx-drop").forEach((place) => {
    const input = place.querySelector("input[type=file]");
    if (!input) return;
    for (const name of ["dragenter", "dragover"])
      place.addEventListener(name, (event) => {
        event.preventDefault();
        place.classList.add("kx-over");
      });
    for (const name of ["dragleave", "drop"]) place.addEventListener(name, () => place.classList.remove("kx-over"));
    place.addEventListener("drop", (event) => {
      event.preventDefault();
      input.files = event.dataTransfer.files;
      name();
    });
    const name = () => {
      place.querySelector("output").textContent = [...input.files].map((file) => file.name).join(", ");
      // How new its rows are: an upload alone would make an old export the newest.
      place.querySelector("input[name=times]").value = JSON.stringify([...input.files].map((file) => file.lastModified));
    };
    input.addEventListener("change", name);
  });

  // Search: "/" or Ctrl-K; arrows and Enter choose.
  const search = document.getElementById("search");
  if (search) {
    const field = search.querySelector("input");
    const list = search.querySelector("ul");
    let known = null;
    document.querySelector(".kx-search-open").hidden = false;
    const openSearch = async () => {
      search.showModal();
      field.select();
      known = known || (await (await fetch(list.dataset.source)).json()).found;
      show();
    };
    const show = () => {
      const wanted = field.value.trim().toLowerCase();
      const found = known.filter((one) => one.words.toLowerCase().includes(wanted)).slice(0, 12);
      list.replaceChildren(...found.map(line));
      if (!found.length) {
        const nothing = document.createElement("li");
        nothing.textContent = list.dataset.nothing;
        list.append(nothing);
      }
      list.querySelector("a")?.classList.add("kx-here");
    };
    const line = (one) => {
      const item = document.createElement("li");
      const link = document.createElement("a");
      link.href = one.address;
      const kind = document.createElement("small");
      kind.textContent = one.kind;
      link.append(one.label, kind);
      item.append(link);
      return item;
    };
    const move = (step) => {
      const links = [...list.querySelectorAll("a")];
      const now = links.findIndex((link) => link.classList.contains("kx-here"));
      links[now]?.classList.remove("kx-here");
      const next = links[(now + step + links.length) % links.length];
      next?.classList.add("kx-here");
      next?.scrollIntoView({ block: "nearest" });
    };
    field.addEventListener("input", () => known && show());
    field.addEventListener("keydown", (event) => {
      if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        event.preventDefault();
        move(event.key === "ArrowDown" ? 1 : -1);
      }
      if (event.key === "Enter") {
        event.preventDefault();
        list.querySelector("a.kx-here")?.click();
      }
    });
    document.querySelector(".kx-search-open").addEventListener("click", (event) => {
      event.stopPropagation();
      openSearch();
    });
    document.addEventListener("keydown", (event) => {
      const typing = event.target.closest("input, textarea, select, [contenteditable]");
      const asked = (event.key === "/" && !typing) || (event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey));
      if (asked && !search.open) {
        event.preventDefault();
        openSearch();
      }
    });
  }
})();
