"""The model store, promotion and rollback, and the local stand-in for TensorFlow Serving."""
