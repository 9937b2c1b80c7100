"""Settings: reading them from the environment, and refusing those that cannot work."""
