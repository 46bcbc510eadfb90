// The curve of the playground: drawn as SVG by the page itself, in the colours of its theme; hover for numbers, click to choose.
const NS = "http://www.w3.org/2000/svg";
const WIDTH = 620, HEIGHT = 400, LEFT = 62, RIGHT = 96, TOP = 16, BOTTOM = 52;

function made(parent, tag, attributes, text) {
  const node = document.createElementNS(NS, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  if (text !== undefined) node.textContent = text;
  parent.appendChild(node);
  return node;
}

// Steps of 1, 2 or 5 times a power of ten: about five of them.
function ticks(most) {
  const rough = most / 5, decade = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((each) => each * decade).find((each) => each >= rough);
  const out = [];
  for (let at = 0; at <= most * 1.0001; at += step) out.push(at);
  return out;
}

const share = (value) => `${(100 * value).toFixed(value < 0.1 && value > 0 ? 1 : 0)} %`;

export default {
  render({ model, el }) {
    el.classList.add("specbench-curve");
    const words = document.createElement("div");
    words.className = "specbench-curve-words";
    words.setAttribute("aria-live", "polite");

    function draw() {
      const { lines, xlabel, alt } = model.get("shown");
      el.replaceChildren();
      if (!lines || !lines.length) return;
      el.dataset.drawn = String(Number(el.dataset.drawn || 0) + 1);
      const svg = made(el, "svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": alt });
      const all = lines.flatMap((line) => line.x.concat(line.point[0]));
      const high = lines.flatMap((line) => line.y.concat(line.high || [], line.point[1]));
      const right = Math.max(0.02, ...all) * 1.04, top = Math.min(1.02, Math.max(0.08, ...high) * 1.08);
      const x = (value) => LEFT + (WIDTH - LEFT - RIGHT) * value / right;
      const y = (value) => HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * value / top;
      for (const at of ticks(right)) {
        made(svg, "line", { x1: x(at), x2: x(at), y1: y(0), y2: y(top), class: "grid" });
        made(svg, "text", { x: x(at), y: y(0) + 18, "text-anchor": "middle" }, share(at));
      }
      for (const at of ticks(top)) {
        made(svg, "line", { x1: x(0), x2: x(right), y1: y(at), y2: y(at), class: "grid" });
        made(svg, "text", { x: LEFT - 8, y: y(at) + 4, "text-anchor": "end" }, share(at));
      }
      made(svg, "text", { x: (LEFT + WIDTH - RIGHT) / 2, y: HEIGHT - 8, "text-anchor": "middle" }, xlabel);
      made(svg, "text", { transform: `translate(14 ${(TOP + HEIGHT - BOTTOM) / 2}) rotate(-90)`, "text-anchor": "middle" },
        "hit-rate (recall): % of the calls");
      let used = [];
      lines.forEach((line, number) => {
        const group = made(svg, "g", { class: `line line-${number}` + (model.get("busy") ? " old" : "") });
        if (line.low) {
          const upper = line.x.map((each, at) => `${x(each)},${y(line.high[at])}`);
          const lower = line.x.map((each, at) => `${x(each)},${y(line.low[at])}`).reverse();
          made(group, "polygon", { points: upper.concat(lower).join(" "), class: "band" });
        }
        made(group, "polyline", { points: line.x.map((each, at) => `${x(each)},${y(line.y[at])}`).join(" ") });
        let below = y(line.y[0]) + 4;
        while (used.some((each) => Math.abs(each - below) < 15)) below += 15;
        used.push(below);
        made(group, "text", { x: x(line.x[0]) + 8, y: below, class: "name" }, line.label);
        line.x.forEach((each, at) => {
          const dot = made(group, "circle", { cx: x(each), cy: y(line.y[at]), r: 5, class: "dot" });
          const said = `${line.label}, p ≥ ${line.p[at].toFixed(2)}: hits ${share(line.y[at])} of the calls, ` +
            `wastes ${share(each)} of the time`;
          made(dot, "title", {}, said);
          dot.addEventListener("mouseenter", () => { words.textContent = said; });
          dot.addEventListener("click", () => {
            model.set("chosen", { p: line.p[at], label: line.label, at: Date.now() });
            model.save_changes();
          });
        });
        made(group, "circle", { cx: x(line.point[0]), cy: y(line.point[1]), r: 8, class: "point" });
        if (number === lines.length - 1) {
          words.textContent = `Now: hits ${share(line.point[1])} of the calls, wastes ${share(line.point[0])} of the time. ` +
            "Click on a line to choose its threshold.";
        }
      });
      el.appendChild(words);
    }
    model.on("change:shown", draw);
    model.on("change:busy", () => {
      el.querySelectorAll(".line").forEach((line) => line.classList.toggle("old", model.get("busy")));
    });
    draw();
  },
};
