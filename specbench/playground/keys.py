"""The keyboard in a notebook: a strip that takes the arrows, so that Jupyter's own shortcuts are left alone."""

from __future__ import annotations

import anywidget
import traitlets

__all__ = ["Keys"]


class Keys(anywidget.AnyWidget):
    """A strip that takes the keyboard when it has the focus: arrows step, ``m`` jumps to the next miss."""

    _esm = """
    export default { render({ model, el }) {
      const strip = document.createElement("div");
      strip.tabIndex = 0;
      strip.className = "specbench-keys";
      strip.textContent = "⌨ click here, then ← → step through the decisions, m jumps to the next miss";
      strip.style.cssText = "border:1px dashed #94a3b8;border-radius:6px;padding:4px 8px;font-size:12px;cursor:pointer";
      strip.addEventListener("keydown", (event) => {
        if (!["ArrowLeft", "ArrowRight", "m"].includes(event.key)) return;
        event.preventDefault();
        event.stopPropagation();
        model.set("pressed", event.key + ":" + Date.now());
        model.save_changes();
      });
      el.appendChild(strip);
    } };
    """
    pressed = traitlets.Unicode("").tag(sync=True)
