"""The micro-Llama: a Llama of about a million parameters, trained from scratch. A real decoder with a small mind."""
