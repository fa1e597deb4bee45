"""A mail server on 127.0.0.1 that keeps what it takes, a file each: PORT MAILDIR [CERTIFICATE KEY USER PASSWORD].

With the latter it insists on STARTTLS, and then on that user.
"""

import signal
import ssl
import sys

from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Mailbox
from aiosmtpd.smtp import AuthResult

port, maildir, *secured = sys.argv[1:]
options = {}
if secured:
    certificate, key, user, password = secured
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(certificate, key)

    def authenticate(server, session, envelope, mechanism, sent):
        right = (sent.login, sent.password) == (user.encode(), password.encode())
        return AuthResult(success=right, handled=False)

    options = {
        "tls_context": tls,
        "require_starttls": True,
        "authenticator": authenticate,
        "auth_required": True,
    }
controller = Controller(Mailbox(maildir), hostname="127.0.0.1", port=int(port), **options)
controller.start()
print("ready", flush=True)
signal.sigwait([signal.SIGTERM, signal.SIGINT])
controller.stop()
