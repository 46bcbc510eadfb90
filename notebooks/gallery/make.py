"""Take the pictures of the gallery from the executed notebooks: ``python notebooks/gallery/make.py``."""

from __future__ import annotations

import base64
import json
from io import BytesIO
from pathlib import Path

from PIL import Image

HERE = Path(__file__).resolve().parent
WIDTH = 560
"""Pixels of a picture."""


def pictures(path: Path) -> list[bytes]:
    """Return the pictures that a notebook shows, in order."""
    cells = json.loads(path.read_text("utf-8"))["cells"]
    found = [output.get("data", {}).get("image/png") for cell in cells for output in cell.get("outputs", [])]
    return [base64.b64decode("".join(each)) for each in found if each]


if __name__ == "__main__":
    for notebook in sorted(HERE.parent.glob("*.ipynb")):
        drawn = pictures(notebook)
        if drawn:  # the first is the one to remember; that of the playground is a screenshot
            picture = Image.open(BytesIO(drawn[0])).convert("RGB")
            small = picture.resize((WIDTH, round(picture.height * WIDTH / picture.width)), Image.Resampling.LANCZOS)
            small.quantize(64).save(HERE / f"{notebook.name[:2]}.png", optimize=True)
