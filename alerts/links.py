"""Where an alert leads: addresses that an installation sets for itself, with what stands in the committed files."""

from typing import Final

from msgspec import Struct

from alerts.alert import Alert

JOB: Final = "streaming-content-api"
"""The job under which Prometheus must scrape the service."""

RUNBOOKS: Final = "https://github.com/your-organisation/streaming-content-api/blob/main/docs/runbooks"
"""What stands for the address of ``docs/runbooks`` until an installation sets its own."""


class Links(Struct, frozen=True):
    """Addresses without a slash at their end."""

    runbooks: str = RUNBOOKS
    grafana: str = "http://localhost:3000"
    webhook: str = "http://localhost:9095"
    """Who takes the notifications: it gets them at /page, /ticket and /heartbeat."""

    def runbook(self, alert: Alert) -> str:
        return f"{self.runbooks}/{alert.runbook}"

    def dashboard(self, alert: Alert) -> str:
        return f"{self.grafana}/d/{alert.dashboard}?var-job={JOB}"
