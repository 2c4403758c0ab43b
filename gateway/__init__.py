"""The web process: pages and a JSON API in front of the fetcher and the model server.

`wsgi -> app -> pages | api -> classify -> fetcher_client, model_client -> config | errors | metrics`.
"""
