"""Who asks: API keys, roles, sign-in on the page, limits and dollars of each key. Open to all without keys."""
