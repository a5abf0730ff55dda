// Draws the page's numbers again as charts. The page is complete without them; units stay in the order of the table.
(function () {
  "use strict";
  var told = document.getElementById("charts");
  if (!told || !window.echarts) return;
  var data = null, places = {};
  var red = document.documentElement.dataset.bsTheme === "dark" ? "#e0655e" : "#9c1c1c";
  var line = { lineStyle: { color: "rgba(128, 128, 128, .3)" } };
  var soft = [red, "#c9a36a", "#8d8a85"], ink = getComputedStyle(document.body).color;
  var font = getComputedStyle(document.body).fontFamily;
  var still = window.matchMedia("(prefers-reduced-motion: reduce)").matches;

  // As many decimal places as keep a part from being shown as nothing or as the whole.
  function percent(value) {
    if (value === null || value === undefined) return "—";
    var places = 1;
    while (places < 4 && value > 0 && value < 1 && (+(value * 100).toFixed(places)) % 100 === 0) places += 1;
    return (value * 100).toFixed(places) + "%";
  }
  function whole(value) { return Math.round(value * 100) + "%"; }
  function count(value) { return value === null || value === undefined ? "—" : value.toLocaleString("zh-CN"); }

  function open(name) {
    if (places[name]) return places[name];
    var figure = document.querySelector('[data-chart="' + name + '"]');
    if (!figure) return null;
    figure.hidden = false;
    var chart = echarts.init(figure.querySelector(".plot"), null, { renderer: "svg" });
    window.addEventListener("resize", function () { chart.resize(); });
    window.addEventListener("beforeprint", function () {
      chart.resize({ width: 370, height: 330 });
      chart.getZr().flush();
    });
    window.addEventListener("afterprint", function () { chart.resize({ width: "auto", height: "auto" }); });
    return (places[name] = { figure: figure, chart: chart });
  }

  function frame(shown) {
    return {
      animation: !still,
      textStyle: { fontFamily: font, color: ink },
      aria: { enabled: true },
      color: soft,
      grid: { left: 8, right: 56, top: 8, bottom: 30, outerBoundsMode: "same", outerBoundsContain: "axisLabel" },
      tooltip: { trigger: "axis", axisPointer: { type: "shadow" }, valueFormatter: shown, confine: true },
    };
  }

  // One row of bars for each figure, this period and those it is compared with.
  function sideways(name, shown, most) {
    var place = open(name);
    if (!place) return;
    var rows = data[name], several = rows.series.length > 1;
    var option = frame(shown);
    option.legend = { show: several, bottom: 0, textStyle: { fontSize: 13 } };
    option.grid.bottom = several ? 34 : 8;
    option.yAxis = { type: "category", inverse: true, data: rows.names, axisTick: { show: false }, axisLabel: { fontSize: 14, color: ink } };
    option.xAxis = { type: "value", min: 0, max: most, interval: most ? most / 4 : undefined, axisLabel: { formatter: most ? whole : shown, hideOverlap: true, fontSize: 12, color: ink }, splitLine: line, splitNumber: 4 };
    option.series = rows.series.map(function (series) {
      return {
        type: "bar", name: series.name, data: series.values, barMaxWidth: several ? 14 : 24,
        label: { show: true, position: "right", fontSize: 12, color: ink, formatter: function (at) { return shown(at.value); } },
      };
    });
    place.chart.setOption(option);
  }

  function below() {
    if (!data.children.names.length) return;
    var place = open("children");
    if (!place) return;
    var choice = place.figure.querySelector("select");
    if (choice.options.length) { choice.dispatchEvent(new Event("change")); return; }
    data.children.figures.forEach(function (figure) { choice.add(new Option(figure.name, figure.id)); });
    choice.value = "study.sessions.branch";
    function draw() {
      var figure = data.children.figures.find(function (each) { return each.id === choice.value; });
      var shown = figure.rate ? percent : count, many = data.children.names.length > 16;
      var option = frame(shown);
      option.grid = Object.assign(option.grid, { right: 16, top: 16, bottom: many ? 40 : 8 });
      option.xAxis = { type: "category", data: data.children.names, axisTick: { show: false }, axisLabel: { rotate: 40, width: 96, overflow: "truncate", hideOverlap: true, fontSize: 12, color: ink } };
      option.yAxis = { type: "value", min: 0, max: figure.rate ? 1 : null, axisLabel: { formatter: figure.rate ? whole : shown, fontSize: 12, color: ink }, splitLine: line };
      option.dataZoom = many ? [{ type: "slider", bottom: 6, height: 20, startValue: 0, endValue: 23, showDetail: false, brushSelect: false, borderColor: "#d9d2cd", fillerColor: "rgba(156,28,28,.14)" }] : [];
      option.series = [{ type: "bar", name: figure.name, data: data.children.values[figure.id], itemStyle: { color: red }, barMaxWidth: 26 }];
      place.chart.setOption(option, true);
    }
    choice.addEventListener("change", draw);
    draw();
  }

  function all() {
    data = JSON.parse(told.textContent);
    sideways("ways", count, null);
    sideways("rates", percent, 1);
    below();
  }

  document.addEventListener("figures", all);
  all();
})();
