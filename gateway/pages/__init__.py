"""The pages for people: routes, the views that templates show, and the words that a person reads."""
