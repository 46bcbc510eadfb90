"""The demo world: a support desk, its scripted people, their phrases, live runs, the micro-Llama's training."""
