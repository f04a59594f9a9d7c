"""The whole of it on this machine: the service under a demo load, Prometheus, Alertmanager, and a page over them."""
