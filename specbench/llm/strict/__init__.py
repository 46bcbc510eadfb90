"""Strict decoding: calls are held to the tools' schemas while they are written."""
