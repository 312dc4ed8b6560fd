"""The sprites of a user's own Factorio installation, in place of our art."""
