"""Live runs of the desk: a real model decides, real tools run, with and without speculation."""
