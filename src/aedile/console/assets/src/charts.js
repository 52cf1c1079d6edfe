// Draws every <figure data-chart> from the JSON in it, in the colours of the theme, and again when the theme changes.
import { BarChart, LineChart } from "echarts/charts";
import { AriaComponent, GridComponent, LegendComponent, TooltipComponent } from "echarts/components";
import * as echarts from "echarts/core";
import { SVGRenderer } from "echarts/renderers";
import { colours } from "./colours.js";
import { optionOf } from "./chart_option.js";

echarts.use([LineChart, BarChart, GridComponent, TooltipComponent, LegendComponent, AriaComponent, SVGRenderer]);

const drawn = new Map();
const sizes = new ResizeObserver((entries) => {
  for (const entry of entries) drawn.get(entry.target)?.resize();
});

function draw(figure) {
  const place = figure.querySelector(".chart-place");
  const data = JSON.parse(figure.querySelector("script[type='application/json']").textContent);
  drawn.get(place)?.dispose();
  const chart = echarts.init(place, null, { renderer: "svg" });
  chart.setOption(optionOf(data, colours(), document.documentElement));
  drawn.set(place, chart);
  sizes.observe(place);
}

function drawAll(root = document) {
  for (const [place, chart] of drawn) {
    if (place.isConnected) continue;
    chart.dispose();
    sizes.unobserve(place);
    drawn.delete(place);
  }
  for (const figure of root.querySelectorAll("figure[data-chart]")) draw(figure);
}

export function installCharts() {
  document.addEventListener("aedile:theme", () => drawAll());
  document.addEventListener("htmx:afterSettle", (event) => drawAll(event.target));
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-chart-table]");
    if (!button) return;
    const figure = button.closest("figure");
    const table = figure.querySelector(".chart-table");
    table.hidden = !table.hidden;
    figure.querySelector(".chart-place").hidden = !table.hidden;
    button.setAttribute("aria-expanded", String(!table.hidden));
    drawn.get(figure.querySelector(".chart-place"))?.resize();
  });
  drawAll();
}
