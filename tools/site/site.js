// Wide tables scroll in a place that the theme adds: also by keyboard.
addEventListener("load", () => {
  for (const place of document.querySelectorAll(".md-typeset__scrollwrap")) place.tabIndex = 0;
});
