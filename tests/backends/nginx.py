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
    """Debian's nginx with one site. It runs as the user of the test and writes to the folder of the test only.

    ``site`` has the syntax of a file in ``/etc/nginx/conf.d``. Its servers listen on the loopback address, on ports
    from ``child.free_port``; ``address`` is one of these.
    """

    def __init__(self, folder: Path, site: str) -> None:
        (folder / "temp").mkdir(exist_ok=True)
        (folder / "site.conf").write_text(site)
        # Relative paths start at the prefix, which is the folder.
        (folder / "nginx.conf").write_text(_MAIN.format(user=pwd.getpwuid(os.getuid()).pw_name, site="site.conf"))
        super().__init__(["nginx", "-p", f"{folder}/", "-c", "nginx.conf", "-e", "stderr"], folder)
