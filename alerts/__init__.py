"""Alert rules for Prometheus, made from thresholds that stand in one place."""
