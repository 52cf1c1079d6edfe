// What scrolls sideways can be scrolled by keyboard, too.
export function installScrolls() {
  const mark = () => {
    for (const place of document.querySelectorAll(".table-responsive, .table-scroll"))
      if (place.scrollWidth > place.clientWidth) place.tabIndex = 0;
  };
  mark();
  window.addEventListener("resize", mark);
  document.addEventListener("htmx:afterSettle", mark);
}
