// Keeps a report's figures as they stand: told of a change, it fetches the page again and puts in what is new.
(function () {
  "use strict";
  var told = document.getElementById("live");
  if (!told || !window.EventSource) return;
  var stream = null, last = null, waiting = false, rest = 2000;

  function say(text) { told.hidden = false; told.textContent = text; }

  function renew() {
    if (waiting) return;
    waiting = true;
    setTimeout(function () {
      waiting = false;
      fetch(location.href, { credentials: "same-origin" })
        .then(function (answer) { if (!answer.ok) throw new Error(answer.status); return answer.text(); })
        .then(function (text) { put(new DOMParser().parseFromString(text, "text/html")); })
        .catch(function () { say("实时更新暂时中断，稍后重试"); });
    }, last === null ? 0 : rest);
  }

  // Tables are put in one by one, so that scrolling, charts and what has the focus stay where they are.
  function put(page) {
    var old = document.querySelectorAll("main table, main .asof"), now = page.querySelectorAll("main table, main .asof");
    if (old.length !== now.length) { location.reload(); return; }
    old.forEach(function (each, place) {
      if (each.innerHTML === now[place].innerHTML) return;
      var focused = each.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
      each.innerHTML = now[place].innerHTML;
      if (focused) { var again = each.querySelector('[href="' + CSS.escape(focused) + '"]'); if (again) again.focus(); }
    });
    document.getElementById("charts").textContent = page.getElementById("charts").textContent;
    document.dispatchEvent(new Event("figures"));
    say("数据已更新");
  }

  function open() {
    stream = new EventSource(told.dataset.stream);
    stream.addEventListener("open", function () { say("实时更新已开启"); });
    stream.addEventListener("report", function (event) {
      // The first is the page itself, unless something has changed since it was made or while nobody looked.
      if (last !== event.lastEventId && (last !== null || differs(JSON.parse(event.data)))) renew();
      last = event.lastEventId;
    });
    stream.addEventListener("refused", function (event) { stream.close(); say(JSON.parse(event.data).detail); });
    stream.addEventListener("error", function () { if (stream.readyState === EventSource.CLOSED) say("实时更新已停止，请刷新页面"); });
  }

  function differs(report) {
    var shown = JSON.parse(document.getElementById("charts").textContent).figures;
    return Object.keys(report.figures).some(function (id) { return shown[id] !== report.figures[id]; });
  }

  // A page that nobody looks at watches nothing.
  document.addEventListener("visibilitychange", function () {
    if (document.hidden) stream.close();
    else if (stream.readyState === EventSource.CLOSED) open();
  });
  if (!document.hidden) open(); else stream = { close: function () {}, readyState: EventSource.CLOSED };
})();
