"""How the environment is set up and how the parts are run together on one machine."""
