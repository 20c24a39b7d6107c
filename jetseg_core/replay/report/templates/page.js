"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);

  // --- Clicking through frames ---
  const player = document.querySelector(".player");
  if (player) {
    const slider = player.querySelector("input");
    const picture = player.querySelector("img");
    const words = (value, { scale, digits, unit }) =>
      value === null ? "–" : `${(scale * value).toFixed(digits)} ${unit}`;
    const show = (number) => {
      const last = data.timeline.length - 1;
      const at = Math.min(last, Math.max(0, number));
      const frame = data.timeline[at];
      slider.value = at;
      picture.src = data.pictures[at];
      picture.alt = `Overlay of frame ${frame.frame}`;
      const values = {
        frame: `${frame.frame} (shown: ${at + 1} of ${last + 1})`,
        camera: data.topics[frame.camera],
        // Nanoseconds are beyond a double's precision, so they come as text.
        stamp: `${frame.stamp} s`,
      };
      for (const [key, figure] of Object.entries(data.figures)) values[key] = words(frame[key], figure);
      for (const [name, value] of Object.entries(values)) {
        const element = player.querySelector(`[data-now="${name}"]`);
        if (element) element.textContent = value;
      }
    };
    const step = (by) => show(Number(slider.value) + by);
    slider.max = data.timeline.length - 1;
    slider.addEventListener("input", () => show(Number(slider.value)));
    player.querySelector(".back").addEventListener("click", () => step(-1));
    player.querySelector(".forth").addEventListener("click", () => step(1));
    addEventListener("keydown", (event) => {
      if (event.target === slider) return;
      if (event.key === "ArrowLeft") step(-1);
      if (event.key === "ArrowRight") step(1);
    });
    show(0);
  }

  // --- Videos, which are files beside this one, and may have been left behind ---
  for (const video of document.querySelectorAll(".videos video")) {
    video.addEventListener("error", () => {
      const box = video.closest("section");
      video.closest("figure").remove();
      if (!box.querySelector("video")) box.remove();
    });
  }

  // --- Values under the pointer ---
  const tip = document.createElement("div");
  tip.className = "tip";
  document.body.append(tip);
  for (const plot of document.querySelectorAll("[data-series] .plot")) {
    const box = plot.closest("[data-series]");
    const cursor = plot.querySelector(".cursor");
    const { place, scale, unit, title } = JSON.parse(box.dataset.series);
    const series = data.series[place[0]];
    const found = place.reduce((value, key) => value[key], data.series);
    const curves = Array.isArray(found) ? { [title]: found } : found;
    const leave = () => { tip.style.display = "none"; cursor.style.opacity = 0; };
    plot.addEventListener("pointerleave", leave);
    plot.addEventListener("pointermove", (event) => {
      const area = plot.getBoundingClientRect();
      const share = Math.min(1, Math.max(0, (event.clientX - area.left) / area.width));
      const times = series.t_s;
      const time = times[0] + share * (times[times.length - 1] - times[0]);
      const near = (a, b) => Math.abs(times[a] - time) <= Math.abs(times[b] - time) ? a : b;
      const at = times.map((_, index) => index).reduce(near);
      const lines = Object.entries(curves)
        .filter(([, curve]) => curve[at] !== null && (Array.isArray(found) || curve[at] > 0.0005))
        .map(([name, curve]) => `${name}  ${(curve[at] * scale).toFixed(2)} ${unit}`);
      tip.replaceChildren(...[`${series.t_s[at].toFixed(2)} s`, ...lines].map((text) => {
        const line = document.createElement("div");
        line.textContent = text;
        return line;
      }));
      tip.style.display = "block";
      const left = Math.min(event.clientX + 14, innerWidth - tip.offsetWidth - 8);
      tip.style.left = `${Math.max(8, left)}px`;
      tip.style.top = `${Math.min(event.clientY + 14, innerHeight - tip.offsetHeight - 8)}px`;
      cursor.style.left = `${100 * share}%`;
      cursor.style.opacity = 0.5;
    });
  }
})();
