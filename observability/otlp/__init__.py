"""Export to a collector: OTLP over HTTP, configured by the variables of OpenTelemetry."""
