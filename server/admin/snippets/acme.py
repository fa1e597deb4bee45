# pip install authlib requests
import fcntl
import json
import os
import sys
import time
from pathlib import Path

import requests
from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session

ISSUER = "https://auth.example.com"
TOKEN_ENDPOINT = f"{ISSUER}/oauth/token"
DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"
CONFIG = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
FOLDER = CONFIG / "acme-cli"
TOKENS = FOLDER / "tokens.json"

session = OAuth2Session("acme-cli", token_endpoint_auth_method="none")


def login():
    response = requests.post(
        f"{ISSUER}/oauth/device/authorize",
        data={"client_id": session.client_id, "scope": "openid offline_access"},
        timeout=30,
    )
    started = response.json()
    if not response.ok:
        sys.exit(f"Error: {started['error_description']}")
    print(
        f"Open {started['verification_uri_complete']} "
        f"and approve the code {started['user_code']}",
        file=sys.stderr,
    )
    interval = started["interval"]
    while True:
        time.sleep(interval)
        try:
            tokens = session.fetch_token(
                TOKEN_ENDPOINT,
                grant_type=DEVICE_CODE,
                device_code=started["device_code"],
            )
            break
        except OAuthError as error:
            if error.error == "slow_down":
                interval += 5
            elif error.error != "authorization_pending":
                sys.exit(f"Error: {error.description}")
    with lock():
        save(tokens)


def token():
    # One process refreshes at a time; the others wait and use what it stored.
    with lock():
        if not TOKENS.exists():
            fail("Not logged in. Run: acme login", 4)
        tokens = json.loads(TOKENS.read_text())
        if tokens["expires_at"] <= time.time() + 10:
            try:
                tokens = session.refresh_token(
                    TOKEN_ENDPOINT, refresh_token=tokens["refresh_token"]
                )
            except OAuthError as error:
                if error.error == "invalid_grant":
                    fail("The login is over. Run: acme login", 4)
                fail(error.description)
            save(tokens)
        print(tokens["access_token"])


def lock():
    file = open(FOLDER / "lock", "w")
    fcntl.flock(file, fcntl.LOCK_EX)
    return file


def save(tokens):
    """Replaces the file in one step: a process that is killed leaves the old one."""
    new = TOKENS.with_suffix(".new")
    with open(os.open(new, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w") as file:
        json.dump(tokens, file)
    os.replace(new, TOKENS)


def fail(message, code=1):
    print(f"Error: {message}", file=sys.stderr)
    sys.exit(code)


FOLDER.mkdir(mode=0o700, parents=True, exist_ok=True)
commands = {"login": login, "token": token}
if len(sys.argv) != 2 or sys.argv[1] not in commands:
    fail("Usage: acme.py login|token", 2)
commands[sys.argv[1]]()
