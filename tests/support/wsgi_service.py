"""A WSGI service that answers with the variables that it gets for the request's headers."""

import json
from wsgiref.simple_server import WSGIRequestHandler, make_server


class Quiet(WSGIRequestHandler):
    def log_message(self, *_):
        pass


def service(environ, start_response):
    variables = {name: value for name, value in environ.items() if name.startswith("HTTP_")}
    body = json.dumps(variables).encode()
    start_response("200 OK", [("Content-Type", "application/json")])
    return [body]


with make_server("127.0.0.1", 0, service, handler_class=Quiet) as server:
    print(f"ready on {server.server_port}", flush=True)
    server.serve_forever()
