"""A back-end for <card-pin>, in Python 3.10 without packages: `python3 gateway.py`."""
import base64
import json
import os
import urllib.parse
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

ENFUCE = os.environ.get("ENFUCE", "http://127.0.0.1:8080")
LOGIN = os.environ.get("ENFUCE_USER", "sandbox") + ":" + os.environ.get("ENFUCE_PASSWORD", "sandbox")
HEADERS = {"authorization": "Basic " + base64.b64encode(LOGIN.encode()).decode(), "content-type": "application/json"}
PASSED_ON = {"/pin/tzpk": "/pin/v3/set/tzpk", "/pin/set": "/pin/v3/set"}

class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None  # a failure, then

def enfuce(path, body=None):
    """Nothing is sent twice, and a late answer is a failure."""
    request = urllib.request.Request(f"{ENFUCE}{path}?auditUser=gateway", body, HEADERS)
    return urllib.request.build_opener(NoRedirect).open(request, timeout=8).read()

def ask(path, body=None):
    return json.loads(enfuce(path, body and json.dumps(body).encode()))

def card_of(headers):
    """The card of the customer who is signed in: put your own sign-in here. Only the sandbox gives a new card to anybody."""
    if urllib.parse.urlsplit(ENFUCE).hostname == "127.0.0.1":
        return ask("/card/v4/MC_CARD/customer/1/account/1/MAIN", {"pinStatus": "W"})["id"]

class Gateway(BaseHTTPRequestHandler):
    def do_POST(self):
        try:
            status, body = self.control_id() if self.path == "/my/control-id" else self.pass_on()
        except urllib.error.HTTPError as error:  # that Enfuce refuses this gateway's password (401) is not the customer's fault
            status, body = 502 if error.code < 400 or error.code == 401 else error.code, error.read()
        except (OSError, ValueError, KeyError):  # whether a PIN is set is not known: 502 says so
            status, body = 502, b""
        self.send_response(status)
        for name, value in {"cache-control": "no-store", "content-type": "application/json", "content-length": len(body)}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def control_id(self):
        card = card_of(self.headers)
        plastics = [plastic for plastic in ask(f"/card/v3/{card}/plastic") if plastic["status"] == "INACTIVE"] if card else []
        if not plastics:
            return (409 if card else 401), b""
        return 200, ask(f"/pincontrol/v2/plastic/{plastics[0]['id']}", {"scope": "SET_PIN"})["id"].encode()

    def pass_on(self):
        length = int(self.headers["content-length"] or 0)
        if self.path not in PASSED_ON or self.headers["content-type"] != "application/json" or length > 65536:
            return (404 if self.path not in PASSED_ON else 413 if length > 65536 else 415), b""
        return 200, enfuce(PASSED_ON[self.path], self.rfile.read(length))

ThreadingHTTPServer(("127.0.0.1", int(os.environ.get("PORT", "3000"))), Gateway).serve_forever()
