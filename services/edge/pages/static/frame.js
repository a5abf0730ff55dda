// The frame: what the reader chose is remembered, menus close, what takes back is asked again, units are searched for.
(function () {
  "use strict";
  var root = document.documentElement;
  function kept(name) { try { return localStorage.getItem(name); } catch (refused) { return null; } }
  function keep(name, value) { try { localStorage.setItem(name, value); } catch (refused) { /* a browser may keep nothing */ } }

  // Before anything is drawn: light or dark, side bar there or not.
  var dark = window.matchMedia("(prefers-color-scheme: dark)");
  function theme() {
    var chosen = kept("theme") || "auto";
    root.dataset.bsTheme = chosen === "auto" ? (dark.matches ? "dark" : "light") : chosen;
    document.querySelectorAll("[data-theme-to]").forEach(function (button) {
      button.setAttribute("aria-pressed", String(button.dataset.themeTo === chosen));
    });
    document.dispatchEvent(new Event("theme"));
  }
  theme();
  dark.addEventListener("change", theme);
  root.dataset.side = kept("side") || "open";
  root.classList.add("scripted");

  function side() {
    document.querySelectorAll("details[data-group]").forEach(function (group) {
      var name = "group-" + group.dataset.group, chosen = kept(name);
      if (chosen !== null && !group.querySelector("[aria-current]")) group.open = chosen === "open";
      // only what the reader did is remembered, not what was set here
      group.querySelector("summary").addEventListener("click", function () { keep(name, group.open ? "closed" : "open"); });
    });
    var button = document.getElementById("fold");
    if (button) button.addEventListener("click", function () {
      root.dataset.side = root.dataset.side === "open" ? "closed" : "open";
      keep("side", root.dataset.side);
      button.setAttribute("aria-expanded", String(root.dataset.side === "open"));
    });
  }

  // What takes back is asked again, in a dialog of the page.
  function confirmed(form, button) {
    var dialog = document.getElementById("confirm");
    if (!dialog || !dialog.showModal) return;
    dialog.querySelector("p").textContent = button.dataset.confirm;
    dialog.querySelector("[value=yes]").textContent = button.textContent.trim();
    dialog.returnValue = "";
    dialog.addEventListener("close", function () {
      if (dialog.returnValue !== "yes") return button.focus();
      button.dataset.sure = "1";
      form.requestSubmit(button);
    }, { once: true });
    dialog.showModal();
  }

  // A day is typed as 2026-10-31 whatever the browser's language; other ways of writing it become that.
  function written(input) {
    var parts = input.value.trim().match(/^(\d{4})\s*[-/.年]?\s*(\d{1,2})\s*(?:[-/.月]?\s*(\d{1,2})\s*日?)?月?(?:[T\s]+(\d{1,2}:\d{2}(?::\d{2})?)\S*)?$/);
    var asked = input.dataset.date;
    if (!parts || (asked !== "month" && !parts[3]) || (asked === "month" && parts[3])) return;
    var day = [parts[1], parts[2].padStart(2, "0")].concat(parts[3] ? parts[3].padStart(2, "0") : []).join("-");
    input.value = parts[4] && asked === "datetime-local" ? day + " " + parts[4].padStart(5, "0") : day;
  }
  function dates(within) {
    within.querySelectorAll("input[data-date]").forEach(function (input) {
      if (input.nextElementSibling) return;
      var button = document.createElement("button"), picker = document.createElement("input");
      button.type = "button";
      button.className = "btn btn-icon pick";
      button.setAttribute("aria-label", "打开日历");
      button.append(document.getElementById("calendar").content.cloneNode(true));
      picker.type = input.dataset.date;
      picker.tabIndex = -1;
      picker.setAttribute("aria-hidden", "true");
      button.addEventListener("click", function () { picker.value = input.value.replace(" ", "T"); picker.showPicker(); });
      picker.addEventListener("change", function () { input.value = picker.value.replace("T", " "); input.dispatchEvent(new Event("change", { bubbles: true })); });
      input.addEventListener("change", function () { written(input); });
      input.after(button, picker);
    });
  }

  // Units are searched for on the server; without a script their code is typed.
  function choose(within) {
    if (!window.TomSelect) return;
    within.querySelectorAll("[data-choose=units]:not(.tomselected)").forEach(function (field) {
      var several = field.dataset.several !== undefined, opens = field.dataset.opens;
      var known = field.value ? field.value.split("、") : [];
      var select = new window.TomSelect(field, {
        valueField: "id", labelField: "text", searchField: [], score: function () { return function () { return 1; }; }, maxItems: several ? null : 1, delimiter: "、",
        maxOptions: null, create: !opens, createOnBlur: !opens, createFilter: /^[A-Za-z][\w.:-]{0,31}$/, persist: false, plugins: several ? ["remove_button"] : [],
        placeholder: field.placeholder || "输入名称、简称或编码查找", closeAfterSelect: !several,
        options: field.tagName === "SELECT" ? undefined : known.map(function (id) { return { id: id, text: id }; }),
        items: field.tagName === "SELECT" ? undefined : known,
        load: function (typed, done) {
          fetch("/choices/units?" + new URLSearchParams({ q: typed }), { credentials: "same-origin" })
            .then(function (answer) { return answer.ok ? answer.json() : { items: [] }; })
            .then(function (found) { select.clearOptions(); done(found.items); }, function () { done(); });
        },
        render: { option_create: function (typed, safe) { return "<div class='create'>按编码填写：" + safe(typed.input) + "</div>"; }, no_results: function () { return "<div class='no-results'>没有找到单位</div>"; }, loading: function () { return "<div class='no-results'>正在查找…</div>"; } },
        onChange: function (id) { if (opens && id) location.assign(opens + encodeURIComponent(id)); },
      });
      if (field.hasAttribute("aria-describedby")) select.control_input.setAttribute("aria-describedby", field.getAttribute("aria-describedby"));
      field.setAttribute("aria-hidden", "true");
    });
  }

  function drawn(within) { dates(within); choose(within); }

  document.addEventListener("DOMContentLoaded", function () {
    theme();
    side();
    drawn(document);
    document.addEventListener("click", function (event) {
      var button = event.target.closest("[data-theme-to]");
      if (button) { keep("theme", button.dataset.themeTo); theme(); }
      document.querySelectorAll("details.menu[open]").forEach(function (menu) { if (!menu.contains(event.target)) menu.open = false; });
    });
    document.addEventListener("submit", function (event) {
      var button = event.submitter;
      if (!button || !button.dataset.confirm || button.dataset.sure) return;
      event.preventDefault();
      confirmed(event.target, button);
    });
    document.addEventListener("keydown", function (event) {
      if (event.key === "Escape") {
        document.querySelectorAll("details.menu[open]").forEach(function (menu) { menu.open = false; menu.querySelector("summary").focus(); });
        if (location.hash === "#side") location.hash = "";
      }
      var search = document.getElementById("search-ts-control") || document.getElementById("search");
      if (event.key === "/" && search && !event.target.closest("input, select, textarea, [contenteditable]")) { event.preventDefault(); search.focus(); }
    });
    // A refusal is a page of its own: htmx would show nothing of it.
    document.addEventListener("htmx:responseError", function (event) { location.assign(event.detail.pathInfo.finalRequestPath); });
    document.addEventListener("htmx:afterSettle", function (event) { drawn(event.target); });
  });
})();
