"""The process that works batches through; several may run."""
