"""The micro-Llama: a Llama of a million parameters, trained from scratch. A real decoder with a small mind."""
