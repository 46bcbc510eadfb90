"""In which floating-point numbers a device computes quickly."""

from __future__ import annotations

from typing import Any

from specbench.core.extras import named_extras

__all__ = ["quick_dtype"]


def quick_dtype(device: str) -> Any:
    """Return torch's bfloat16 where the device multiplies matrices of it quickly, else float32.

    GPUs do, and CPUs whose instructions oneDNN has kernels for (AVX-512 on x86). On others torch falls back to a loop:
    on an EPYC with AVX2, a product of 2,000 × 256 × 768 takes 640 ms in bfloat16 and 12 in float32.

    Examples
    --------
    >>> quick_dtype("cuda")
    torch.bfloat16
    """
    with named_extras():
        import torch
    if not device.startswith("cpu"):
        return torch.bfloat16
    onednn = torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
    return torch.bfloat16 if onednn and torch.ops.mkldnn._is_mkldnn_bf16_supported() else torch.float32
