// The theme's colours as numbers: Tabler writes some in oklch, which ECharts does not read, so one pixel is painted.
const SERIES = ["--tblr-link-color", "--tblr-orange", "--tblr-blue", "--tblr-pink", "--tblr-lime", "--tblr-purple"];

export function colours() {
  const style = getComputedStyle(document.documentElement);
  const context = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const read = (name) => {
    context.clearRect(0, 0, 1, 1);
    context.fillStyle = style.getPropertyValue(name).trim();
    context.fillRect(0, 0, 1, 1);
    const [red, green, blue] = context.getImageData(0, 0, 1, 1).data;
    return `rgb(${red},${green},${blue})`;
  };
  return {
    series: SERIES.map(read),
    text: read("--tblr-body-color"),
    quiet: read("--plain"),
    line: read("--tblr-border-color"),
    ground: read("--tblr-bg-surface"),
    font: style.getPropertyValue("--tblr-font-sans-serif"),
  };
}
