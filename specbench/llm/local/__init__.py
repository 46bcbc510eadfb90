"""What models in this process need: loading, memory, number formats, token-by-token decoding."""
