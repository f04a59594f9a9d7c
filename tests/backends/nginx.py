"""A real nginx."""

import os
import pwd
from pathlib import Path

from tests.backends.child import Listener

_MAIN = """
user {user};
daemon off;
worker_processes 1;
pid nginx.pid;
error_log stderr;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    client_body_temp_path temp/body;
    proxy_temp_path temp/proxy;
    fastcgi_temp_path temp/fastcgi;
    uwsgi_temp_path temp/uwsgi;
    scgi_temp_path temp/scgi;
    include {site};
}}
"""


class Nginx(Listener):
    """Debian's nginx with one site, as the user who runs the test; all that it writes is in the test's folder.

    ``site`` is what a file of ``/etc/nginx/conf.d`` holds: servers, and what they need. They listen on the loopback
    address, on ports that ``child.free_port`` has found; ``address`` is one of these.
    """

    def __init__(self, folder: Path, site: str) -> None:
        (folder / "temp").mkdir(exist_ok=True)
        (folder / "site.conf").write_text(site)
        # Relative paths are those of the prefix, which is the folder; an included file's are of the configuration's.
        (folder / "nginx.conf").write_text(_MAIN.format(user=pwd.getpwuid(os.getuid()).pw_name, site="site.conf"))
        super().__init__(["nginx", "-p", f"{folder}/", "-c", "nginx.conf", "-e", "stderr"], folder)
