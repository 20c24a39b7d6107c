"""Accuracy of models."""
