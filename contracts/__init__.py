"""What two processes of Rollcall must agree on, and nothing else.

Standard library, NumPy and protobuf only. Something belongs here only if two processes break when they disagree on it.
"""
