"""What authentication costs a chunk: streams of a user with a token against streams without users."""

import secrets
import time

import msgspec
from joserfc import jwt
from joserfc.jwk import OctKey

from benchmarks.measure import Measure
from benchmarks.processes import SERVICE, Program
from benchmarks.rounds import Race, Run, paced
from service.protocol.quota_kind import QuotaKind

NO_USERS, WITH_A_TOKEN = "without authentication", "with a token"
_AUDIENCE = "streaming"


def token_streams(run: Run) -> list[Measure]:
    scale = run.scale
    loads = paced(scale, scale.token_streams)
    cpu = Measure("token_cpu", "CPU of the server for a delivered chunk", "µs", baseline=NO_USERS)
    checks = Measure("token_stream_checks", "Checks: did server and client keep up?", "", compared=False)
    programs = msgspec.structs.replace(SERVICE, name=NO_USERS), _authenticated()
    return Race(programs, loads, scale.rounds, ((cpu, "chunk_cpu_us"),), checks).run(run)


def _authenticated() -> Program:
    """The service for one user, who has no quota, and the token of that user."""
    secret, now = secrets.token_urlsafe(32), int(time.time())
    claims = {"sub": "user-1234", "aud": _AUDIENCE, "scope": "stream", "iat": now, "exp": now + 86_400}
    token = jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(secret))
    settings = {
        "AUTH_MODE": "jwt",
        "AUTH_JWT_KEY": secret,
        "AUTH_JWT_ALGORITHMS": "HS256",
        "AUTH_JWT_AUDIENCE": _AUDIENCE,
        **{f"QUOTA_{kind.name}": "0" for kind in QuotaKind},
    }
    headers = {"Authorization": f"Bearer {token}"}
    return msgspec.structs.replace(SERVICE, name=WITH_A_TOKEN, settings=settings, headers=headers)
