"""Runs scim2-tester against a SCIM server: URL in the arguments, token in the environment."""

import json
import os
import sys

from httpx2 import Client
from scim2_client.engines.httpx2 import SyncSCIMClient
from scim2_tester import check_server

headers = {"Authorization": f"Bearer {os.environ['SCIM_TOKEN']}"}
scim = SyncSCIMClient(Client(base_url=sys.argv[1], headers=headers, timeout=60))
scim.discover()
results = [
    {
        "status": result.status.name,
        "title": result.title,
        "resource": result.resource_type,
        "reason": str(result.reason)[:500],
    }
    for result in check_server(scim)
]
print(json.dumps(results))
