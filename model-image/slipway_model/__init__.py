"""Predicts the fare of a taxi trip: `python -m slipway_model process | train | serve`."""
