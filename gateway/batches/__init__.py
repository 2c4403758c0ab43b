"""Batches: many accounts given at once, planned first, worked through by the worker, kept in SQL."""
