"""HTTP: recordings for download, health, readiness and metrics."""
