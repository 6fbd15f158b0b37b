"""Legacy AI Platform Prediction: ``ml`` v1. A model is its own endpoint; its default serves.

Google switched the service off on 2025-01-31; the protocol lives on in the embedded platform.
"""
