"""All that staff see: the login, lists and records (admin), actions, and pages for whole tasks."""
