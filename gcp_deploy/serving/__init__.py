"""The prediction server: what loads a model and answers for it."""
