"""The scripted customers and the scripted agent, whose conversations are the sample traces. SYNTHETIC."""
