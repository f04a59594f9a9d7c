"""The demo stack: the service under a demo load, Prometheus, Alertmanager, and a page with dashboard previews."""
