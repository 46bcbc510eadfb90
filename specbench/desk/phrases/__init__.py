"""What the scripted people say: a small phrase grammar and the phrase books."""
