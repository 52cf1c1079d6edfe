// From the record of a chart (base/charts.py) to ECharts' options: units on axes, intervals as bands, no HTML in tips.
export function optionOf(data, colour, root) {
  const language = root.lang;
  const rtl = root.dir === "rtl";
  const percent = new Intl.NumberFormat(language, { style: "percent", maximumSignificantDigits: 3 });
  const plain = new Intl.NumberFormat(language, { maximumSignificantDigits: 4, notation: "compact" });
  const value = (one) => (one === null || one === undefined ? "–" : data.shares ? percent.format(one) : plain.format(one));
  const clock = new Intl.DateTimeFormat(language, { timeZone: data.zone, dateStyle: "short", timeStyle: "medium" });
  const tick = new Intl.DateTimeFormat(language, { timeZone: data.zone, hourCycle: "h23", ...fine(data) });
  const many = data.series.length > 1;
  return {
    animation: false,
    aria: { enabled: false },
    color: colour.series,
    textStyle: { fontFamily: colour.font, color: colour.text },
    grid: { left: 8, right: 16, top: many ? 52 : 30, bottom: 4, containLabel: true },
    legend: many ? { top: 0, textStyle: { color: colour.text }, icon: "roundRect" } : undefined,
    tooltip: {
      trigger: "axis",
      renderMode: "richText",
      confine: true,
      backgroundColor: colour.ground,
      borderColor: colour.line,
      textStyle: { color: colour.text, fontSize: 12 },
      formatter: (points) => tip(points, data, value, clock),
    },
    xAxis: {
      type: data.times ? "time" : "category",
      data: data.times ? undefined : data.x,
      inverse: rtl,
      axisLabel: { color: colour.quiet, hideOverlap: true, formatter: data.times ? (at) => tick.format(at) : undefined },
      axisLine: { lineStyle: { color: colour.line } },
      axisTick: { lineStyle: { color: colour.line } },
    },
    yAxis: {
      type: "value",
      name: data.unit,
      nameTextStyle: { color: colour.quiet, align: rtl ? "right" : "left" },
      position: rtl ? "right" : "left",
      min: data.kind === "line" ? undefined : 0,
      axisLabel: { color: colour.quiet, formatter: value },
      splitLine: { lineStyle: { color: colour.line, type: "dashed" } },
    },
    series: data.series.flatMap((one, at) => drawn(one, at, data, colour)),
  };
}

function fine(data) {
  const span = data.times ? Date.parse(data.x.at(-1)) - Date.parse(data.x[0]) : 0;
  if (span > 3 * 86400e3) return { month: "short", day: "numeric" };
  const clock = { hour: "2-digit", minute: "2-digit" };
  return span < 600e3 ? { ...clock, second: "2-digit" } : clock;
}

function drawn(one, at, data, colour) {
  const points = (values) => values.map((value, n) => (data.times ? [data.x[n], value] : value));
  const shade = colour.series[at % colour.series.length];
  const main = {
    name: one.name,
    type: data.kind === "bar" ? "bar" : "line",
    data: points(one.values),
    showSymbol: one.values.length < 3,
    itemStyle: { color: shade },
    lineStyle: { width: 2 },
    areaStyle: data.kind === "area" ? { opacity: 0.14 } : undefined,
    barMaxWidth: 28,
  };
  if (!one.low || !one.high) return [main];
  const band = {
    type: "line",
    stack: `band-${at}`,
    stackStrategy: "all",
    showSymbol: false,
    silent: true,
    lineStyle: { opacity: 0 },
    tooltip: { show: false },
    itemStyle: { color: shade },
  };
  const width = one.high.map((high, n) => (high === null || one.low[n] === null ? null : high - one.low[n]));
  return [{ ...band, data: points(one.low) }, { ...band, data: points(width), areaStyle: { opacity: 0.16 } }, main];
}

function tip(points, data, value, clock) {
  const at = points[0].dataIndex;
  const head = data.times ? clock.format(new Date(data.x[at])) : data.x[at];
  const lines = data.series.map((one) => {
    const interval = one.low && one.high ? ` (${value(one.low[at])} – ${value(one.high[at])})` : "";
    return `${one.name}: ${value(one.values[at])}${interval}${data.unit && !data.shares ? ` ${data.unit}` : ""}`;
  });
  return [head, ...lines].join("\n");
}
