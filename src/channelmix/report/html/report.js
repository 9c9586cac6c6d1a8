"use strict";
// The page says everything without this script; it adds switches, sliders and values under the pointer.

const all = (selector, root = document) => [...root.querySelectorAll(selector)];

// Switches of market and purpose.
const form = document.querySelector(".filters");
if (form) {
  const selects = all("[data-filter]", form);
  const count = form.querySelector("[data-count]");
  const parts = all("[data-market]");
  const cells = all("#allocation [data-market]");
  const apply = () => {
    for (const part of parts) {
      part.hidden = selects.some(
        (select) => select.value && part.dataset[select.dataset.filter] !== select.value
      );
    }
    const shown = cells.filter((cell) => !cell.hidden).length;
    count.textContent = count.dataset.template
      .replace("{shown}", shown)
      .replace("{all}", cells.length);
  };
  form.addEventListener("change", apply);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.hidden = false;
  apply();
}

// Reading a curve: with the slider, or under the pointer.
const block = document.getElementById("curve-data");
const readings = block ? JSON.parse(block.textContent) : [];
for (const figure of all("[data-curve]")) {
  const points = readings[Number(figure.dataset.curve)];
  const slider = figure.querySelector("input");
  const chart = figure.querySelector("svg");
  const cursor = chart.querySelector(".cursor");
  const output = figure.querySelector("output");
  const show = () => {
    const [x, text] = points[Number(slider.value)];
    cursor.setAttribute("x1", x);
    cursor.setAttribute("x2", x);
    cursor.setAttribute("visibility", "visible");
    output.textContent = text;
    slider.setAttribute("aria-valuetext", text);
  };
  slider.setAttribute("aria-valuetext", points[Number(slider.value)][1]);
  slider.hidden = false;
  slider.addEventListener("input", show);
  chart.addEventListener("pointermove", (event) => {
    const box = chart.getBoundingClientRect();
    const x = ((event.clientX - box.left) / box.width) * chart.viewBox.baseVal.width;
    let nearest = 0;
    points.forEach((point, i) => {
      if (Math.abs(point[0] - x) < Math.abs(points[nearest][0] - x)) nearest = i;
    });
    slider.value = nearest;
    show();
  });
}

// The slider along the frontier.
const along = document.getElementById("frontier-slider");
if (along) {
  const choose = () => {
    for (const point of all("[data-point]")) point.hidden = point.dataset.point !== along.value;
    for (const dot of all("[data-dot]")) dot.classList.toggle("chosen", dot.dataset.dot === along.value);
    const said = document.querySelector("[data-point]:not([hidden]) p");
    along.setAttribute("aria-valuetext", said.textContent);
  };
  along.closest(".control").hidden = false;
  along.addEventListener("input", choose);
  for (const dot of all("[data-dot]")) {
    dot.addEventListener("click", () => {
      along.value = dot.dataset.dot;
      choose();
    });
  }
  choose();
}

// Values under the pointer.
const tip = document.getElementById("tip");
document.addEventListener("pointermove", (event) => {
  const owner = event.target.closest ? event.target.closest("[data-tip]") : null;
  tip.hidden = !owner;
  if (!owner) return;
  tip.textContent = owner.dataset.tip;
  const right = document.documentElement.clientWidth - tip.offsetWidth - 8;
  tip.style.left = `${Math.max(8, Math.min(event.clientX + 12, right))}px`;
  tip.style.top = `${event.clientY + 16}px`;
});

// On paper everything is open, and closed again afterwards.
let opened = [];
window.addEventListener("beforeprint", () => {
  opened = all("details:not([open])");
  for (const part of opened) part.open = true;
});
window.addEventListener("afterprint", () => {
  for (const part of opened) part.open = false;
});
