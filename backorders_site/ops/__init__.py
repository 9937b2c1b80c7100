"""Running the site: health, heartbeats, metrics, logs, errors, caching, catalogs of
translations."""
