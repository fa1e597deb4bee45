"""Validates manifests offline: `kubernetes FILE` with the API's schemas, `compose FILE SCHEMA`."""

import json
import sys

import kubernetes_validate
import yaml
from jsonschema import Draft201909Validator

# Newer than the published schema.
NEW_COMPOSE_KEYS = ["name"]

VERSION = "1.33"

kind, path, *rest = sys.argv[1:]
with open(path, encoding="utf-8") as file:
    documents = [document for document in yaml.safe_load_all(file) if document]
if kind == "kubernetes":
    for document in documents:
        kubernetes_validate.validate(document, VERSION, strict=True)
    print(json.dumps(documents, default=str))
else:
    known = {key: value for key, value in documents[0].items() if key not in NEW_COMPOSE_KEYS}
    with open(rest[0], encoding="utf-8") as file:
        Draft201909Validator(json.load(file)).validate(known)
    print(json.dumps(documents[0], default=str))
