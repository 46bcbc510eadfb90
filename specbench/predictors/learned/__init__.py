"""The learned predictor: which tool comes next, with which arguments, and how sure that is."""
