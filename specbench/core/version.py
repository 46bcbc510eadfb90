"""The version of specbench: here, and nowhere else. Records of what was made with it say it."""

__all__ = ["__version__"]

__version__ = "0.2.0"
