"""The web process: pages and a JSON API in front of the fetcher and the model server.

`wsgi -> app -> pages | api -> classify -> fetcher_client, split_model -> config | errors | metrics`, and below that
`split_model -> model_client -> model_calls`, `traffic_control -> traffic_store -> database`, `shadow`.
"""
