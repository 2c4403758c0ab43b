"""Other model servers on the same SavedModel, each in an environment of its own, and the empty call as a floor."""
