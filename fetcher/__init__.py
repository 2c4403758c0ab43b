"""Everything that talks to a platform: sources, the rate-limit handler, the cache, and the emulated platforms."""
