"""Predictors that count: Markov chain, back-off n-gram, pattern miner."""
