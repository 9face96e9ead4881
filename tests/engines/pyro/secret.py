# SPDX-License-Identifier: BSL-1.0
"""How a Python program shows that it knows a secret: gof/pyro/secret.hpp.

    secret.py KEY USER URI [FUNCTION ARGUMENT...]
"""
import hashlib
import hmac
import secrets
import sys
import time


def proof(key, user):
    """What a server is shown, once: set it anew before each connection."""
    now, nonce = int(time.time()), secrets.token_hex(16)
    text = f"{now} {nonce} {user}".encode()
    mac = hmac.new(key, text, hashlib.sha256).hexdigest()
    return {"user": user, "time": now, "nonce": nonce, "mac": mac}


if __name__ == "__main__":
    import Pyro5.api

    key, user, uri, function, *arguments = sys.argv[1:]
    with Pyro5.api.Proxy(uri) as proxy:
        proxy._pyroHandshake = proof(key.encode(), user)
        print(getattr(proxy, function)(*arguments))
        proxy._pyroRelease()
        try:
            proxy._pyroBind()
        except Pyro5.errors.CommunicationError as refused:
            print(refused)
