"""The rate-limit handler: the one place through which every request to a platform passes.

`decision` is the pure core, `sqlite_store` applies it atomically, `handler` waits, sends and settles.
"""
