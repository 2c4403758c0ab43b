"""Profiles that are given instead of fetched: JSON, JSON lines or CSV in, probabilities out, no platform asked.

`api -> documents -> record -> scores` for one request of the web process; `command -> job -> pipeline` for files of any
size, where `arrow_columns` reads a chunk at once and leaves only odd records to `record`. pyarrow is imported below
`gateway.offline.files` only.
"""
