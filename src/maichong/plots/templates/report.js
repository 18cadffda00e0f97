"use strict";
// Enlarge a figure: the picture itself moves into the dialog and back, so that no id exists twice.
(() => {
  const dialog = document.getElementById("enlarged");
  const stage = dialog.querySelector(".stage");
  const words = dialog.querySelector(".words");
  let home = null;

  const open = (figure) => {
    home = figure.querySelector(".frame");
    home.style.minHeight = `${home.offsetHeight}px`; // the page below keeps its place
    stage.classList.toggle("paper", home.classList.contains("paper"));
    stage.append(home.querySelector(".picture"));
    words.replaceChildren(...figure.querySelector("figcaption p").cloneNode(true).childNodes);
    dialog.showModal(); // Escape closes it and the focus returns, both by the browser
  };

  const shut = () => {
    if (!home) return;
    home.prepend(stage.querySelector(".picture"));
    home.style.minHeight = "";
    home = null;
  };

  dialog.addEventListener("close", shut);
  window.addEventListener("beforeprint", () => { shut(); dialog.close(); });
  dialog.addEventListener("click", (event) => {
    const selecting = String(window.getSelection()) !== "";
    if (event.target.closest(".close") || (!event.target.closest(".picture, .words") && !selecting)) dialog.close();
  });
  for (const figure of document.querySelectorAll("figure")) {
    const button = figure.querySelector(".enlarge");
    button.hidden = false;
    for (const place of [button, figure.querySelector(".frame")]) place.addEventListener("click", () => open(figure));
  }
  document.documentElement.dataset.ready = "true";
})();
